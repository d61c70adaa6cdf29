"""Checks answers against Mastodon's entities, as its documentation has them: one JSON Schema an entity."""

import json
from functools import cache
from pathlib import Path

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource

SCHEMAS = Path(__file__).parent.parent / "schemas"


@cache
def _registry():
    named = {path.name: json.loads(path.read_text()) for path in SCHEMAS.glob("*.json")}
    return Registry().with_resources((name, Resource.from_contents(schema)) for name, schema in named.items())


@cache
def _validator(entity):
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": f"{entity}.json"}
    return Draft202012Validator(schema, registry=_registry(), format_checker=FormatChecker())


def names():
    return sorted(path.stem for path in SCHEMAS.glob("*.json"))


def faults(entity, value):
    """What is wrong with a value as this entity; `[Entity]` is a list of it."""
    if entity.startswith("["):
        if not isinstance(value, list):
            return [f"a list is expected, not {value!r:.200}"]
        return [f"[{n}]{fault}" for n, one in enumerate(value) for fault in faults(entity[1:-1], one)]
    return [_say(error) for error in _leaves(_validator(entity).iter_errors(value))]


def _leaves(errors):
    """What is at the bottom of an `anyOf` tells more than that none fitted."""
    for error in errors:
        deeper = [inner for inner in error.context or [] if inner.validator != "type" or inner.instance is not error.instance]
        yield from (_leaves(deeper) if deeper else [error])


def _say(error):
    place = "".join(f".{part}" if isinstance(part, str) else f"[{part}]" for part in error.absolute_path)
    return f"{place}: {error.message[:300]}"

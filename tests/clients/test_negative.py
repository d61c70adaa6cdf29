"""Every route of the node against callers who may not, ids that are nothing, bodies that are broken or have no end: the
status and the body of the refusal are Mastodon's, and nothing fails inside."""

import json
import re
import socket
import uuid

import pytest
from harness import entities

INVALID, OUTSIDE = "The access token is invalid", "This action is outside the authorized scopes"
# Ids that nothing has. The last looks like one that something could have.
NOTHINGS = ["0", "nothing", "-1", "99999999999999999999999999", "%00", "..%2f..", "a" * 2000, "%F0%9F%90%A6",
            "bafyr4iaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", str(uuid.UUID(int=7))]
# Routes that must have something in their body.
WANTING = {
    ("POST", "/api/v1/apps"), ("POST", "/oauth/token"), ("POST", "/api/v1/statuses"), ("POST", "/api/v1/lists"),
    ("POST", "/api/v2/filters"), ("POST", "/api/v1/filters"), ("POST", "/api/v2/media"), ("POST", "/api/v1/media"),
    ("POST", "/api/v1/featured_tags"), ("POST", "/api/v1/domain_blocks"),
}
BROKEN = ['{"status": ', "[", "null", '"text"', "{}}", "\x00\x01", '{"status": {"deep": ' + "[" * 3000 + "}", "é" * 10]


def routes(node):
    """All routes: method, path, scope; the scope is None where no token is asked for."""
    code, stdout, stderr = node.tries("api", "routes")
    assert code == 0, stderr
    lines = [json.loads(line) for line in stdout.splitlines()]
    listed = lines[0] if len(lines) == 1 and isinstance(lines[0], list) else lines
    return [(route["method"], route["path"], route["scope"]) for route in listed]


@pytest.fixture(scope="module")
def table(ada):
    table = routes(ada)
    assert len(table) > 150, "a table of all routes"
    return table


@pytest.fixture(scope="module")
def guarded(table):
    guarded = [route for route in table if route[2] is not None]
    assert len(guarded) > 120
    return guarded


def filled(path, word="1"):
    """The path with this word for all that is open in it."""
    return re.sub(r"\{[^}]*\}", lambda _: word, path)


def refused(node, method, path, **more):
    """Asks what will be refused, on a connection of its own: on one connection the node hears only so much from
    callers whom it does not let in."""
    headers = {"Connection": "close"} | more.pop("headers", {})
    return node.ask(method, path, headers=headers, **more)


def complaint(answer, status=None, error=None):
    """What is wrong with a refusal, if anything."""
    try:
        body = answer.json()
    except ValueError:
        return f"{answer.status_code}, not JSON: {answer.text[:200]!r}"
    wrong = entities.faults("Error", body)
    if answer.headers.get("content-type", "").split(";")[0] != "application/json":
        wrong.append(f"type {answer.headers.get('content-type')}")
    if status is not None and answer.status_code not in (status if isinstance(status, tuple) else (status,)):
        wrong.append(f"{answer.status_code} is not {status}")
    if error is not None and body.get("error") != error:
        wrong.append(f"says {body.get('error')!r}")
    return ", ".join(wrong)


def sweep(asked):
    """Fails with every complaint at once: name, answer, what it should be."""
    wrong = [f"{name}: {fault}" for name, fault in asked if fault]
    assert not wrong, f"{len(wrong)} wrong:\n" + "\n".join(wrong[:60])


def test_nobody(ada, guarded):
    sweep((f"{method} {path}", complaint(refused(ada, method, filled(path), token=None), 401, INVALID))
          for method, path, _ in guarded)


@pytest.mark.parametrize("token", ["wrong", "", "a" * 5000, "Bearer", "é", "'; --"])
def test_tokens_that_nobody_was_given(ada, guarded, token):
    headers = {"Authorization": f"Bearer {token}".encode()}
    sweep((f"{method} {path}", complaint(refused(ada, method, filled(path), token=None, headers=headers), 401, INVALID))
          for method, path, _ in guarded)


def test_a_revoked_token(ada, guarded):
    app = ada.post("/api/v1/apps", token=None, json={"client_name": "brief", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob"})
    token = ada.post("/oauth/token", token=None, json={
        "grant_type": "client_credentials", "client_id": app["client_id"], "client_secret": app["client_secret"]})["access_token"]
    assert ada.ask("GET", "/api/v1/apps/verify_credentials", token=token).status_code == 200
    secret = {"client_id": app["client_id"], "client_secret": app["client_secret"], "token": token}
    other = ada.ask("POST", "/oauth/revoke", token=None, data=secret | {"client_secret": "guessed"})
    assert other.status_code in (401, 403) and other.json()["error"] in ("unauthorized_client", "invalid_client")
    assert ada.ask("GET", "/api/v1/apps/verify_credentials", token=token).status_code == 200
    assert ada.ask("POST", "/oauth/revoke", token=None, data=secret).json() == {}
    sweep((f"{method} {path}", complaint(refused(ada, method, filled(path), token=token), 401)) for method, path, _ in guarded)


@pytest.mark.parametrize("held", ["profile", "read:statuses", "write:favourites", "read", "write", "push"])
def test_a_scope_that_is_missing(ada, guarded, held):
    token = ada.token(held)

    def covered(scope):
        return scope in ("", "token", held) or scope.startswith(held + ":") or held == "read" and scope == "profile"

    asked = [(method, path) for method, path, scope in guarded if not covered(scope)]
    assert asked
    sweep((f"{method} {path}", complaint(refused(ada, method, filled(path), token=token), 403, OUTSIDE))
          for method, path in asked)


def test_ids_of_nothing(ada, table):
    def ask():
        for method, path, _ in table:
            if "{" not in path or "streaming" in path or not path.startswith("/api/v"):
                continue
            for word in NOTHINGS:
                answer = ada.ask(method, filled(path, word), json={} if method in ("POST", "PUT", "PATCH") else None)
                name = f"{method} {path} {word[:40]}"
                if answer.status_code >= 500:
                    yield name, f"{answer.status_code} {answer.text[:200]}"
                elif answer.status_code >= 400:
                    yield name, complaint(answer, (400, 404, 414, 422, 431))
                elif not re.search(r"tags|identity_proofs|timelines/tag", path):
                    yield name, f"{answer.status_code} for what is nothing: {answer.text[:100]}"

    sweep(ask())


def test_broken_bodies(ada, table):
    def ask():
        for method, path, _ in table:
            if method not in ("POST", "PUT", "PATCH", "DELETE") or not path.startswith(("/api/v", "/oauth")):
                continue
            for body in BROKEN:
                answer = ada.ask(method, filled(path, "0"), data=body.encode(), headers={"Content-Type": "application/json"})
                name = f"{method} {path} {body[:20]!r}"
                if answer.status_code >= 500 or answer.status_code < 400 and (method, path) in WANTING:
                    yield name, f"{answer.status_code} {answer.text[:200]}"
                elif answer.status_code >= 400:
                    yield name, complaint(answer, (400, 401, 403, 404, 413, 415, 422))

    sweep(ask())


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x",
                                  "text/plain", "application/xml", "application/json; charset=utf-16"])
def test_bodies_of_another_kind(ada, table, kind):
    def ask():
        for method, path in WANTING & {route[:2] for route in table}:
            answer = ada.ask(method, path, data=b"--x\r\n\xff=%zz&&[]=1", headers={"Content-Type": kind})
            if answer.status_code >= 500 or answer.status_code < 400:
                yield f"{method} {path}", f"{answer.status_code} {answer.text[:200]}"
            else:
                yield f"{method} {path}", complaint(answer, (400, 401, 415, 422))

    sweep(ask())


def announce(node, method, path, size):
    """Says that a body of this size will come, and gives what the node says to that."""
    host, port = node.host.rsplit(":", 1)
    with socket.create_connection((host, int(port)), 40) as wire:
        wire.settimeout(40)
        wire.sendall((f"{method} {path} HTTP/1.1\r\nHost: {node.host}\r\nAuthorization: Bearer {node.token()}\r\n"
                      f"Content-Type: application/json\r\nContent-Length: {size}\r\n\r\n").encode() + b'{"status":"')
        seen = b""
        while b"\r\n\r\n" not in seen or not seen.split(b"\r\n\r\n", 1)[1].endswith(b"}"):
            more = wire.recv(65536)
            if not more:
                break
            seen += more
    head, _, body = seen.partition(b"\r\n\r\n")
    status = int(head.split()[1]) if head else 0
    return status, head.decode(errors="replace").lower(), body


def test_bodies_without_end(ada, table):
    """A gigabyte is refused as soon as it is announced, wherever it is sent."""

    def ask():
        for method, path, _ in table:
            if method in ("POST", "PUT", "PATCH") and path.startswith(("/api/v", "/oauth")):
                status, head, body = announce(ada, method, filled(path), 1_000_000_000)
                good = status == 413 and "application/json" in head and "error" in json.loads(body)
                yield f"{method} {path}", "" if good else f"{status} {body[:200]}"

    sweep(ask())


def test_methods_that_are_not_there(ada, table):
    known = {}
    for method, path, _ in table:
        known.setdefault(path, set()).add(method)

    def ask():
        for path, methods in known.items():
            for method in {"PUT", "DELETE", "PATCH", "POST"} - methods:
                # Another line of the table may fit the filled path as well.
                fits = any(method in others and re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", other), filled(path))
                           for other, others in known.items())
                if not fits:
                    yield f"{method} {path}", complaint(ada.ask(method, filled(path)), (404, 405))

    sweep(ask())


def test_limits_that_are_no_numbers(ada, table):
    def ask():
        for method, path, _ in table:
            if method != "GET" or "{" in path or "streaming" in path or not path.startswith("/api/v"):
                continue
            for query in ("limit=-1", "limit=abc", "limit=999999999999", "max_id=%00", "min_id=nothing", "id[]=&id[]=%FF",
                          "limit=0", "since_id[]=1", "q=" + "x" * 4000, "types[]=none", "offset=-5"):
                answer = ada.ask(method, f"{path}?{query}")
                if answer.status_code >= 500:
                    yield f"{path}?{query[:30]}", f"{answer.status_code} {answer.text[:200]}"
                elif answer.status_code >= 400:
                    yield f"{path}?{query[:30]}", complaint(answer)

    sweep(ask())


def test_what_makes_no_sense(ada):
    """Bodies that are read and are wrong: Mastodon answers 422 and says what."""
    cases = [
        ("/api/v1/statuses", {"status": ""}),
        ("/api/v1/statuses", {"status": "x" * 1_000_000}),
        ("/api/v1/statuses", {"status": "x", "visibility": "secret"}),
        ("/api/v1/statuses", {"status": "x", "poll": {"options": ["one"], "expires_in": 600}}),
        ("/api/v1/statuses", {"status": "x", "poll": {"options": ["a", "b"], "expires_in": -1}}),
        ("/api/v1/statuses", {"status": "x", "scheduled_at": "yesterday"}),
        ("/api/v1/lists", {"title": ""}),
        ("/api/v1/lists", {"title": "x", "replies_policy": "never"}),
        ("/api/v2/filters", {"title": "x", "context": []}),
        ("/api/v2/filters", {"title": "", "context": ["home"]}),
        ("/api/v2/filters", {"title": "x", "context": ["kitchen"]}),
        ("/api/v1/featured_tags", {"name": "two words"}),
        ("/api/v1/apps", {"client_name": "x"}),
        ("/api/v1/apps", {"client_name": "", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob"}),
        ("/api/v1/apps", {"client_name": "x", "redirect_uris": "javascript:alert(1)"}),
        ("/api/v1/apps", {"client_name": "x", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob", "scopes": "everything"}),
    ]
    sweep((f"{path} {str(body)[:80]}", complaint(ada.ask("POST", path, json=body), 422)) for path, body in cases)
    for body in ({"in_reply_to_id": "0"}, {"media_ids": ["0"]}, {"quoted_status_id": "0"}):
        assert complaint(ada.ask("POST", "/api/v1/statuses", json={"status": "x"} | body), (404, 422)) == "", body


def test_tokens_are_not_asked_for_wrongly(ada):
    app = ada.post("/api/v1/apps", token=None, json={"client_name": "wrong", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob"})
    good = {"client_id": app["client_id"], "client_secret": app["client_secret"], "redirect_uri": "urn:ietf:wg:oauth:2.0:oob",
            "grant_type": "authorization_code", "code": "guessed"}
    for change, status, error in [
        ({}, 400, "invalid_grant"),
        ({"client_secret": "guessed"}, 401, "invalid_client"),
        ({"client_id": "unknown"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "scope": "write:everything"}, 400, "invalid_scope"),
    ]:
        answer = ada.ask("POST", "/oauth/token", token=None, data=good | change)
        assert complaint(answer, status, error) == "", change
        assert answer.json()["error_description"]


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1"])
def test_other_names_are_not_answered(ada, host):
    port = ada.host.rsplit(":", 1)[1] if host != "127.0.0.1" else "1"
    answer = ada.ask("GET", "/api/v1/instance", headers={"Host": f"{host}:{port}"})
    assert complaint(answer, (400, 403, 421)) == ""

"""Waiting for what happens by itself. Nothing sleeps for a guessed time, and nothing waits for ever."""

import time

# Much longer than anything takes, so that a busy machine fails no test.
PATIENCE = 40.0
PAUSE = 0.05


def eventually(what, look, patience=PATIENCE):
    """Gives the first true thing that `look` gives, and fails with what it last said."""
    until = time.monotonic() + patience
    while True:
        try:
            seen = look()
            if seen:
                return seen
        except (AssertionError, LookupError) as error:
            seen = repr(error)
        if time.monotonic() > until:
            raise AssertionError(f"expected: {what}; seen: {seen!r}"[:2000])
        time.sleep(PAUSE)

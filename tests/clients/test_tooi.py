"""tooi, a program with windows in a terminal: started in a terminal that remembers its screen, and read from there."""

import os
import sys
import threading
import time

import pexpect
import pyte
import pytest
from harness import oauth
from harness.waiting import eventually

COLUMNS, LINES = 120, 60
# How long the program draws nothing once it is done with a key, in seconds.
QUIET = 0.3
ENTER, TAB, BACKSPACE = "\r", "\t", "\x7f"


class Screen:
    """A terminal with tooi in it."""

    def __init__(self, folder):
        environment = {name: value for name, value in os.environ.items() if name.lower() not in ("http_proxy", "https_proxy", "all_proxy")}
        environment |= {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder),
                        "XDG_CACHE_HOME": str(folder), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self._screen)
        self._lock, self._drawn = threading.Lock(), 0.0
        self._child = pexpect.spawn(sys.executable, ["-c", "from tooi.cli import main; main()", "--animation-level", "none"],
                                    env=environment, dimensions=(LINES, COLUMNS), timeout=60)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while True:
            try:
                data = self._child.read_nonblocking(65536, timeout=None)
            except (pexpect.EOF, OSError, ValueError):
                return
            with self._lock:
                self._stream.feed(data)
                self._drawn = time.monotonic()

    def text(self):
        with self._lock:
            return "\n".join(line.rstrip() for line in self._screen.display)

    def shows(self, *words):
        """Waits until all of these are on the screen."""

        def look():
            text = self.text()
            missing = [word for word in words if word not in text]
            if missing:
                raise AssertionError(f"{missing} missing on:\n" + "\n".join(line for line in text.splitlines() if line.strip()))
            return text

        return eventually(f"the screen shows {words}", look)

    def shows_no(self, word):
        return eventually(f"the screen shows no {word!r}", lambda: word not in self.text())

    def press(self, *keys):
        """Presses keys one after the other, as fast as the program draws: a key goes to what has the focus by then."""
        for key in keys:
            with self._lock:
                self._drawn = time.monotonic()
            self._child.send(key)
            while time.monotonic() - self._drawn < QUIET:
                time.sleep(QUIET / 10)

    def ends(self):
        self.press("\x11")  # ctrl-q
        self._child.expect(pexpect.EOF)
        self._child.close()


def address(text):
    """The address in the window for logging in, which is longer than the window is wide."""
    lines = [line.strip("\u2502 ") for line in text.splitlines()]
    start = next(n for n, line in enumerate(lines) if line.startswith("Open the link"))
    end = next(n for n in range(start, len(lines)) if lines[n].startswith("\u2500"))
    return "".join(lines[start + 1:end])


@pytest.fixture(scope="module")
def tooi(ada, bob, tmp_path_factory):
    bob.says("Bob greets tooi #dawn")
    ada.holds("Bob greets tooi")
    screen = Screen(tmp_path_factory.mktemp("tooi"))
    screen.shows("You are not logged into any accounts", "Add Instance")
    # The only button: an instance is added by its address.
    screen.press(TAB, ENTER)
    screen.shows("Enter your instance's URL")
    screen.press(*[BACKSPACE] * len("mastodon.social"), ada.http)
    screen.shows(ada.http)
    screen.press(ENTER)
    screen.shows("Found instance")
    screen.press(ENTER)
    screen.shows("Add Account")
    screen.press(TAB, ENTER)
    url = address(screen.shows("Open the link in your browser", "client_id="))
    screen.press(oauth.approve_by_page(ada, url), ENTER)
    screen.shows_no("Authorization code")
    screen.shows(f"{ada.me()['acct']}@{ada.host}")
    # The account is a button now, and opens the main window.
    screen.press(TAB, ENTER)
    screen.shows("Bob greets tooi")
    yield screen
    screen.ends()


def goes(tooi, key):
    """To another timeline, by the menu that `g` opens."""
    tooi.press("g")
    tooi.shows("Home timeline", "Bookmarked statuses")
    tooi.press(key)
    tooi.shows_no("Bookmarked statuses")


def first(ada, words):
    """Waits until the newest post is this one."""

    def look():
        status = ada.get("/api/v1/timelines/home?limit=1")[0]
        return words in status["content"] and status

    return eventually(f"the newest post says {words!r}", look)


def test_timelines(tooi, ada):
    ada.says("Said before tooi looks #dawn")
    for key, name in (("l", "Local"), ("f", "Federated")):
        goes(tooi, key)
        tooi.shows(name, "Said before tooi looks")
    goes(tooi, "t")
    tooi.shows("hashtag")
    tooi.press("dawn", ENTER)
    tooi.shows("#dawn", "Said before tooi looks")
    goes(tooi, "h")
    tooi.shows("Said before tooi looks")


def test_compose(tooi, ada):
    tooi.press("c")
    tooi.shows("Compose toot", "Post status")
    tooi.press("Written in a terminal")
    tooi.shows("Written in a terminal")
    # Language, visibility, content warning, media, post.
    tooi.press(*[TAB] * 5, ENTER)
    tooi.shows_no("Compose toot")
    assert first(ada, "Written in a terminal")["visibility"] == "public"


def test_compose_with_a_warning(tooi, ada):
    tooi.press("c")
    tooi.shows("Compose toot")
    tooi.press("Behind a warning", *[TAB] * 3, ENTER)
    tooi.shows("Remove content warning")
    tooi.press("terminal")
    tooi.press(*[TAB] * 5, ENTER)
    tooi.shows_no("Compose toot")
    assert first(ada, "Behind a warning")["spoiler_text"] == "terminal"


def test_reply_boost_favourite_bookmark(tooi, ada, bob):
    bob.says("Bob is answered in a terminal")
    heard = ada.holds("Bob is answered")["id"]
    # A new tab, which begins with the newest.
    goes(tooi, "h")
    tooi.shows("Bob is answered")
    tooi.press("f", "b", "B")
    for flag in ("favourited", "reblogged", "bookmarked"):
        eventually(flag, lambda flag=flag: ada.get(f"/api/v1/statuses/{heard}")[flag])
    tooi.press("r")
    tooi.shows("Replying to")
    # The same, and a field for whether it may leave the node, which tooi shows as the post says `local_only`.
    tooi.press(" so be it", *[TAB] * 6, ENTER)
    tooi.shows_no("Replying to")
    assert first(ada, "so be it")["in_reply_to_id"] == heard
    for key in ("b", "v"):
        goes(tooi, key)
        tooi.shows("Bob is answered")


def test_thread(tooi):
    goes(tooi, "b")
    tooi.shows("Bob is answered")
    tooi.press("t")

    def below():
        tooi.press("j")
        return "so be it" in tooi.text()

    eventually("the answer is below", below)


def test_notifications(tooi, ada, bob):
    mine = ada.says("tooi waits for praise")["id"]
    theirs = bob.holds("tooi waits for praise")["id"]
    bob.post(f"/api/v1/statuses/{theirs}/favourite")
    eventually("a notification", lambda: any(
        note["status"] and note["status"]["id"] == mine for note in ada.get("/api/v1/notifications?types[]=favourite")))
    goes(tooi, "n")
    tooi.shows("tooi waits for praise")


def test_search(tooi):
    tooi.press("/")
    tooi.shows("Search")
    tooi.press("greets", ENTER)
    tooi.shows("Statuses", "Bob greets tooi")

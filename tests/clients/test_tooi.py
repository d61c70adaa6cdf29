"""tooi, a program with windows in a terminal: started in a terminal that remembers its screen, and read from there."""

import os
import re
import sys
import threading

import pexpect
import pyte
import pytest
from harness import oauth
from harness.waiting import eventually

# So wide that an address stays on one line.
COLUMNS, LINES = 420, 50
ENTER, ESCAPE, DOWN, TAB = "\r", "\x1b", "\x1b[B", "\t"


class Screen:
    """A terminal with tooi in it."""

    def __init__(self, folder):
        environment = {name: value for name, value in os.environ.items() if name.lower() not in ("http_proxy", "https_proxy", "all_proxy")}
        environment |= {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder),
                        "XDG_CACHE_HOME": str(folder), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
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
        for key in keys:
            self._child.send(key)

    def ends(self):
        self.press("\x11")  # ctrl-q
        self._child.expect(pexpect.EOF)
        self._child.close()


@pytest.fixture(scope="module")
def tooi(ada, bob, tmp_path_factory):
    bob.says("Bob greets tooi #dawn")
    ada.holds("Bob greets tooi")
    screen = Screen(tmp_path_factory.mktemp("tooi"))
    screen.shows("You are not logged into any accounts", "Add Instance")
    # The list of accounts has one button: add an instance.
    screen.press(TAB, ENTER)
    screen.shows("Enter your instance's URL")
    screen.press(*["\x7f"] * 20, "\x15", ada.http, ENTER)
    screen.shows("Found instance", "Instance found")
    screen.press(ENTER)
    screen.shows("Application created", "Add Account")
    screen.press(TAB, ENTER) if "Authorization code" not in screen.text() else None
    text = screen.shows("Open the link in your browser", "oauth/authorize")
    url = re.search(r"https?://\S+/oauth/authorize\S*", text)[0]
    screen.press(oauth.approve_by_form(ada, url), ENTER)
    me = f"{ada.me()['acct']}@{ada.host}"
    screen.shows_no("Authorization code")
    screen.shows(me)
    yield screen
    screen.ends()


def test_home(tooi, ada):
    # The account is a button now; pressing it opens the main window.
    tooi.press(TAB, ENTER)
    tooi.shows("Home", "Bob greets tooi")

"""A node in a process of its own, in a home of its own, on ports that the system chooses."""

import json
import os
import signal
import subprocess

import requests

from .waiting import eventually

# Longer than the node gives itself for an answer.
PATIENCE = 40


class Node:
    """A running node and the person whose node it is."""

    def __init__(self, program, folder, name, settings=()):
        self.program, self.name = str(program), name
        self.home = folder / name
        self.session = requests.Session()
        # Whatever proxy this machine has, it is not for its own addresses.
        self.session.trust_env = False
        self._tokens = {}
        self.does("init", "--name", name, "--no-input", "--phrase-out", str(folder / f"{name}.phrase"))
        for key, value in settings:
            self.does("config", "set", key, value)
        self._log = open(folder / f"{name}.log", "ab")
        self.start()

    def start(self):
        command = [*self._command("run", "--listen", "/ip4/127.0.0.1/tcp/0", "--http", "127.0.0.1:0", "--no-mdns")]
        self._process = subprocess.Popen(
            command, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._log
        )
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the node of {self.name} ended: {self.log()[-2000:]}")
        ready = json.loads(line)
        assert ready["event"] == "ready", ready
        self.http, self.author = ready["http"], ready["author"]
        self.host = self.http.removeprefix("http://")
        # On a busy machine a node may be ready before it listens.
        self.listen = ready["listen"][0] if ready["listen"] else eventually(f"{self.name} listens", self._listens)

    def stop(self):
        """Stops it in good order, and sees that it ended so."""
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(PATIENCE)
        self._log.close()
        assert code == 0, f"the node of {self.name} ended with {code}: {self.log()[-2000:]}"
        assert "panicked" not in self.log(), self.log()[-4000:]

    def log(self):
        with open(self._log.name, encoding="utf-8", errors="replace") as file:
            return file.read()

    def _listens(self):
        listen = self.does("status")["listen"]
        assert listen, f"it listens nowhere: {self.log()[-1000:]}"
        return listen[0]

    def _command(self, *arguments):
        return [self.program, "--home", str(self.home), "--json", *arguments]

    def tries(self, *arguments):
        """Runs a command of the program: its exit code, what it printed, and what it complained of."""
        done = subprocess.run(
            self._command(*arguments), env=environment(), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=PATIENCE, check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def does(self, *arguments):
        """Runs a command that works, and gives the last object that it prints."""
        code, stdout, stderr = self.tries(*arguments)
        assert code == 0, f"{arguments} ended with {code}: {stderr}"
        lines = stdout.splitlines()
        return json.loads(lines[-1]) if lines else None

    def token(self, scopes="read write follow push"):
        """A token as scripts get one."""
        if scopes not in self._tokens:
            self._tokens[scopes] = self.does("api", "token", "--scopes", scopes)["access_token"]
        return self._tokens[scopes]

    def ask(self, method, path, token=True, **more):
        """Asks the node, with a token that may do everything unless another one, or none, is given."""
        headers = dict(more.pop("headers", {}))
        if token:
            headers["Authorization"] = f"Bearer {self.token() if token is True else token}"
        url = path if path.startswith("http") else self.http + path
        more.setdefault("allow_redirects", False)
        return self.session.request(method, url, headers=headers, timeout=PATIENCE, **more)

    def get(self, path, **more):
        """GET of what must be there."""
        answer = self.ask("GET", path, **more)
        assert answer.status_code == 200, f"GET {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    def post(self, path, **more):
        """POST of what must be done."""
        answer = self.ask("POST", path, **more)
        assert answer.ok, f"POST {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    def me(self):
        return self.get("/api/v1/accounts/verify_credentials")

    def says(self, text, **more):
        """Posts, and gives the status."""
        return self.post("/api/v1/statuses", json={"status": text, **more})

    def holds(self, words):
        """Waits until a post with these words is on the home timeline, and gives it."""

        def look():
            found = self.get("/api/v1/timelines/home?limit=40")
            return next((status for status in found if words in status["content"]), None)

        return eventually(f"{self.name} has {words!r}", look)

    def knows(self, other):
        """The account of another node's person, as this one has it."""

        def look():
            followed = self.get(f"/api/v1/accounts/{self.me()['id']}/following")
            return next((account for account in followed if other.author in json.dumps(account)), None)

        return eventually(f"{self.name} follows {other.name}", look)


def environment():
    """What this process was told, without what it was told for Starling."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STARLING_")}
    return kept | {"NO_COLOR": "1"}

"""masto, from npm, logs in with PKCE and comes back to a redirect address; `masto.mjs` is what it then does."""

import base64
import hashlib
import json
import os
import secrets
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlparse

from harness import oauth

REDIRECT = "https://client.example/back"
HERE = Path(__file__).parent


def test_masto(ada, bob, node_program, modules, picture, tmp_path):
    app = ada.post("/api/v1/apps", token=None, json={
        "client_name": "masto", "redirect_uris": [REDIRECT, "https://client.example/other"],
        "scopes": "read write follow push", "website": "https://client.example"})
    assert app["redirect_uris"] == [REDIRECT, "https://client.example/other"]
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = urlencode({"response_type": "code", "client_id": app["client_id"], "redirect_uri": REDIRECT,
                       "scope": "read write follow push", "state": "of mind",
                       "code_challenge": challenge, "code_challenge_method": "S256"})
    answer, said = oauth.approve(ada, f"/oauth/authorize?{asked}")
    assert said
    back = urlparse(answer.headers["location"])
    assert f"{back.scheme}://{back.netloc}{back.path}" == REDIRECT
    assert parse_qs(back.query)["state"] == ["of mind"]
    script = tmp_path / "masto.mjs"
    script.write_bytes((HERE / "masto.mjs").read_bytes())
    (tmp_path / "node_modules").symlink_to(modules)
    environment = os.environ | {
        "ADA": ada.http, "ADA_CODE": oauth.code_of(answer), "VERIFIER": verifier, "REDIRECT": REDIRECT,
        "ADA_CLIENT": json.dumps({"id": app["client_id"], "secret": app["client_secret"]}),
        "BOB": bob.http, "BOB_TOKEN": bob.token(), "PICTURE": str(picture), "NO_PROXY": "127.0.0.1",
    }
    done = subprocess.run([node_program, "--test", "--test-reporter=tap", str(script)], env=environment,
                          capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-20000:] + done.stderr[-4000:]

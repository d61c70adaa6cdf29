"""toot, a program for the command line, as somebody types it: its own settings folder, its own log-in, its own words."""

import json
import os
import subprocess
import sys

import pexpect
import pytest
from harness import oauth
from harness.waiting import eventually

PATIENCE = 60


class Toot:
    def __init__(self, node, folder):
        self.node, self.folder = node, folder
        self.environment = os.environ | {
            "XDG_CONFIG_HOME": str(folder), "HOME": str(folder), "NO_PROXY": "127.0.0.1", "COLUMNS": "200", "BROWSER": "true",
        }
        self.program = [sys.executable, "-m", "toot"]

    def logs_in(self, approve):
        """`toot login`: it prints an address, and asks for the code that is found there."""
        child = pexpect.spawn(self.program[0], [*self.program[1:], "login", "--instance", self.node.http],
                              env=self.environment, encoding="utf-8", timeout=PATIENCE, dimensions=(50, 2000))
        child.expect(r"(https?://\S+/oauth/authorize\S*)")
        url = child.match[1]
        child.expect("Open link in default browser")
        child.sendline("n")
        child.expect("Authorization code")
        child.sendline(approve(self.node, url))
        child.expect("Successfully logged in")
        child.expect(pexpect.EOF)

    def __call__(self, *arguments, code=0, stdin=None):
        """What a command prints."""
        done = subprocess.run([*self.program, *arguments], env=self.environment, input=stdin or "",
                              capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert done.returncode == code, f"toot {arguments} ended with {done.returncode}: {done.stdout} {done.stderr}"
        return done.stdout if code == 0 else done.stderr

    def json(self, *arguments, **more):
        return json.loads(self(*arguments, "--json", **more))


@pytest.fixture(scope="module")
def toot(ada, tmp_path_factory):
    toot = Toot(ada, tmp_path_factory.mktemp("toot"))
    toot.logs_in(oauth.approve_by_command)
    return toot


@pytest.fixture(scope="module")
def him(ada, bob):
    return ada.knows(bob)["acct"]


@pytest.fixture(scope="module")
def heard(toot, ada, bob):
    bob.says("Bob greets toot #morning")
    return ada.holds("Bob greets toot")["id"]


def test_log_in_by_the_page_as_well(bob, tmp_path):
    other = Toot(bob, tmp_path)
    other.logs_in(oauth.approve_by_page)
    assert bob.me()["acct"] in other("whoami")
    assert "ACTIVE" in other("auth")


def test_who_and_where(toot, ada, him):
    assert ada.me()["acct"] in toot("whoami")
    assert toot.json("whoami")["id"] == ada.me()["id"]
    assert "starling" in toot("instance", ada.http).lower()
    assert him in toot("whois", him)


def test_a_post_with_a_picture_and_a_warning(toot, picture):
    said = toot("post", "toot sees", "--media", str(picture), "--description", "A slope", "--spoiler-text", "grey",
                "--sensitive", "--visibility", "public", "--language", "en")
    assert "Toot posted: http" in said
    newest = toot.json("timelines", "home", "--no-pager", "--limit", "5")[0]
    assert newest["spoiler_text"] == "grey" and newest["sensitive"] and newest["language"] == "en"
    assert newest["media_attachments"][0]["description"] == "A slope"
    shown = toot("status", newest["id"])
    # It shows addresses of files, in lines of the terminal's width, and no descriptions.
    address = newest["media_attachments"][0]["url"]
    assert "toot sees" in shown and address in "".join(shown.split())
    uploaded = toot.json("upload", str(picture), "--description", "alone")
    assert uploaded["type"] == "image"


def test_three_timelines(toot, heard):
    toot("post", "toot too says #morning")
    for which in (["home"], ["public"], ["tag", "morning"]):
        seen = toot.json("timelines", *which, "--no-pager", "--limit", "40")
        assert heard in [status["id"] for status in seen], which
        assert "Bob greets toot" in toot("timelines", *which, "--no-pager", "--no-clear", "--limit", "40")
    # The old commands page by the first link of the Link header.
    assert "toot too says" in toot("timeline", "--public", "--local", "--once")
    assert "Bob greets toot" in toot("timeline", "--once", "--count", "20")


def test_reply_and_thread(toot, heard, bob):
    reply = toot.json("post", "toot answers", "--reply-to", heard)
    assert reply["in_reply_to_id"] == heard
    thread = toot.json("thread", heard)
    assert [status["id"] for status in thread["descendants"]] == [reply["id"]]
    assert "toot answers" in toot("thread", heard)
    bob.holds("toot answers")


def test_boost_favourite_bookmark_pin(toot, heard, ada):
    assert "reblogged" in toot("reblog", heard)
    assert ada.me()["acct"] in toot("reblogged-by", heard)
    assert "favourited" in toot("favourite", heard)
    assert heard in [s["id"] for s in toot.json("timelines", "favourites", "--no-pager")]
    assert "bookmarked" in toot("bookmark", heard)
    assert "Bob greets toot" in toot("bookmarks", "--once")
    for undo in ("unreblog", "unfavourite", "unbookmark"):
        toot(undo, heard)
    assert toot.json("timelines", "favourites", "--no-pager") == []
    own = toot.json("post", "toot on the wall")["id"]
    assert "pinned" in toot("pin", own)
    toot("unpin", own)


def test_polls_and_later(toot):
    poll = toot.json("post", "toot asks", "--poll-option", "This", "--poll-option", "That", "--poll-expires-in", "1h")["poll"]
    assert [option["title"] for option in poll["options"]] == ["This", "That"]
    assert "This" in toot("polls", "show", poll["id"])
    assert "scheduled for" in toot("post", "toot tomorrow", "--scheduled-in", "2h")


def test_search(toot, heard, him):
    found = eventually("the post is found", lambda: toot.json("search", "greets", "--type", "statuses")["statuses"])
    assert heard in [status["id"] for status in found]
    assert him in toot("search", him, "--type", "accounts")
    assert "morning" in toot("search", "morn", "--type", "hashtags")


def test_people(toot, him, ada):
    me = ada.me()["acct"]
    assert him in toot("following", me) and him in toot("followers", me)
    toot("mute", him)
    assert him in toot("muted")
    toot("unmute", him)
    assert him not in toot("muted")
    assert toot.json("follow-requests", "list") == []


def test_lists(toot, him, heard):
    toot("lists", "create", "Toots")
    assert "Toots" in toot("lists", "list")
    toot("lists", "add", "Toots", him)
    assert him in toot("lists", "accounts", "Toots")
    assert heard in [status["id"] for status in toot.json("timelines", "list", "Toots", "--no-pager")]
    toot("lists", "remove", "Toots", him)
    assert him not in toot("lists", "accounts", "Toots")
    toot("lists", "delete", "Toots")
    assert "Toots" not in toot("lists", "list")


def test_tags(toot):
    toot("tags", "follow", "morning")
    assert "morning" in toot("tags", "followed")
    toot("tags", "unfollow", "morning")
    assert "morning" in toot("tags", "info", "morning")


def test_notifications(toot, bob, ada):
    mine = toot.json("post", "toot waits for praise")["id"]
    theirs = bob.holds("toot waits for praise")["id"]
    bob.post(f"/api/v1/statuses/{theirs}/favourite")
    eventually("a notification", lambda: any(
        note["status"] and note["status"]["id"] == mine for note in toot.json("notifications", "--type", "favourite")))
    assert "toot waits for praise" in toot("notifications")
    toot("notifications", "--clear")
    assert "no notifications" in toot("notifications")


def test_profile(toot):
    toot("update-account", "--display-name", "Ada T.", "--note", "by toot")
    shown = toot("whoami")
    assert "Ada T." in shown and "by toot" in shown


def test_delete(toot, ada):
    gone = toot.json("post", "toot regrets")["id"]
    toot("delete", gone)
    assert ada.ask("GET", f"/api/v1/statuses/{gone}").status_code == 404
    assert toot("status", gone, code=1).strip()


def test_unfollow_and_block(toot, him, ada, bob):
    me = ada.me()["acct"]
    toot("unfollow", him)
    assert him not in toot("following", me)
    toot("block", him)
    assert him in toot("blocked")
    toot("unblock", him)
    assert him not in toot("blocked")
    toot("follow", him)
    assert him in toot("following", me)
    bob.says("Bob is followed again")
    ada.holds("Bob is followed again")

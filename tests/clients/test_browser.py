"""A real Chromium: masto in a page of another origin goes through the node's approval page, reads, posts a picture and
listens; and a widget from npm shows a public timeline on somebody's home page."""

import functools
import http.server
import re
import shutil
import threading
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

HERE = Path(__file__).parent
# Nothing of the browser's own goes to the network.
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync"]
PATIENCE = 40_000


class Pages(http.server.SimpleHTTPRequestHandler):
    """The pages, and the packages under `/node_modules`."""

    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {".mjs": "text/javascript", ".js": "text/javascript"}

    def __init__(self, modules, *arguments):
        self.modules = modules
        super().__init__(*arguments, directory=str(HERE / "page"))

    def translate_path(self, path):
        path = path.split("?")[0]
        within = path.removeprefix("/node_modules/")
        return str(self.modules / within) if within != path else super().translate_path(path)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def site(modules):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Pages, modules))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")
def browser():
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert program, "a Chromium is needed"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 800, "height": 900})
    page.set_default_timeout(PATIENCE)
    page.complaints = []
    page.on("console", lambda said: page.complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    yield page
    page.close()


def approve(page):
    """What a person does on the node's page."""
    expect(page.get_by_text("A page")).to_be_visible()
    page.get_by_role("button", name=re.compile("allow|approve|authori[sz]e|let .* in", re.IGNORECASE)).click()


def test_a_client_in_a_page(page, site, ada, bob, picture):
    bob.says("Bob waves at the page")
    ada.holds("Bob waves at the page")
    page.goto(f"{site}/?node={ada.http}")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{ada.http}/oauth/authorize**")
    approve(page)
    page.wait_for_url(f"{site}/?code=*")
    state = page.get_by_role("status")
    expect(state).to_have_text(f"Welcome {ada.me()['acct']}", timeout=PATIENCE)
    home = page.locator("#home > li")
    expect(home.filter(has_text="Bob waves at the page")).to_be_visible()
    face = home.filter(has_text="Bob waves at the page").locator("img").first
    page.wait_for_function("image => image.complete", arg=face.element_handle())
    assert face.evaluate("image => image.naturalWidth") > 0, "the picture of a person loads in a page of another origin"
    page.get_by_label("What is new?").fill("Written in a page")
    page.get_by_label("Picture").set_input_files(picture)
    page.get_by_role("button", name="Post").click()
    expect(state).to_have_text("Posted", timeout=PATIENCE)
    mine = home.filter(has_text="Written in a page")
    expect(mine).to_be_visible(timeout=PATIENCE)
    shown = mine.get_by_alt_text("From a page")
    page.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=shown.element_handle())
    bob.says("Bob comes by the WebSocket")
    expect(home.filter(has_text="Bob comes by the WebSocket")).to_be_visible(timeout=PATIENCE)
    assert page.complaints == []


def test_who_is_refused_comes_back_without_a_code(page, site, ada):
    page.goto(f"{site}/?node={ada.http}")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{ada.http}/oauth/authorize**")
    page.get_by_role("button", name=re.compile("deny|refuse|reject|cancel|no", re.IGNORECASE)).click()
    page.wait_for_url(f"{site}/?error=access_denied*")


def test_a_page_of_others_gets_nothing_without_a_token(page, site, ada):
    """The timeline of a person is not for whoever has a page."""
    page.goto(f"{site}/?node={ada.http}")
    status = page.evaluate("node => fetch(`${node}/api/v1/timelines/home`).then(answer => answer.status)", ada.http)
    assert status == 401


def test_the_approval_page_cannot_be_framed(page, site, ada):
    page.goto(f"{site}/?node={ada.http}")
    page.evaluate("node => { const frame = document.createElement('iframe'); frame.src = `${node}/oauth/authorize`; document.body.append(frame); }", ada.http)
    page.wait_for_function("document.querySelector('iframe').contentDocument === null")
    assert any("frame" in complaint.lower() for complaint in page.complaints), page.complaints


def test_a_timeline_on_a_home_page(page, site, ada, tmp_path_factory):
    said = ada.says("Shown on a home page #embedded")
    page.goto(f"{site}/embed.html?node={ada.http}&type=hashtag&tag=embedded")
    post = page.locator("article", has_text="Shown on a home page")
    expect(post).to_be_visible(timeout=PATIENCE)
    assert said["account"]["display_name"] in page.inner_text("#mt-container")

"""A real Chromium: masto in a page of another origin goes through the node's approval page, reads, posts a picture and
listens; and pages that nobody let in get nothing."""

import re
import shutil
from pathlib import Path

import pytest
from harness import pages
from playwright.sync_api import expect, sync_playwright

HERE = Path(__file__).parent
# Nothing of the browser's own goes to the network.
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync"]
PATIENCE = 40_000


@pytest.fixture(scope="module")
def browser():
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not program:
        pytest.skip("left out: no Chromium is here, nor may one be installed")
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


def approve(page, node):
    """What a person does: reads the page, says yes in a terminal. The page then goes on by itself."""
    expect(page.get_by_role("heading", name="A page")).to_be_visible()
    word = re.search(r"api approve (\S+)", page.inner_text("code"))
    assert word, page.inner_text("body")
    node.does("api", "approve", word[1], "--yes")


def test_a_client_in_a_page(page, site, ada, bob, picture):
    bob.says("Bob waves at the page")
    ada.holds("Bob waves at the page")
    page.goto(f"{site}/?node={ada.http}")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{ada.http}/oauth/authorize**")
    approve(page, ada)
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
    page.get_by_role("button", name="Do not let it in").click()
    page.wait_for_url(f"{site}/?error=access_denied*")


def test_a_page_of_an_origin_that_is_not_let_in(page, modules, site, ada, bob):
    """Any page in the person's browser reaches the door; what it may do there is nothing."""
    with pages.serve(HERE / "page", modules) as stranger:
        for origin, node, expected in ((stranger, ada, "refused"), (site, bob, "refused"), (site, ada, 200)):
            page.goto(origin)
            seen = page.evaluate(
                "node => fetch(`${node}/api/v1/instance`).then(answer => answer.status, () => 'refused')", node.http)
            assert seen == expected, (origin, node.name)
        page.goto(site)
        seen = page.evaluate("node => fetch(`${node}/api/v1/timelines/home`).then(answer => answer.status)", ada.http)
        assert seen == 401


def test_the_approval_page_cannot_be_framed(page, site, ada):
    page.goto(f"{site}/?node={ada.http}")
    page.evaluate("node => { const frame = document.createElement('iframe'); frame.src = `${node}/oauth/authorize`; document.body.append(frame); }", ada.http)
    page.wait_for_function("document.querySelector('iframe').contentDocument === null")
    assert any("frame" in complaint.lower() for complaint in page.complaints), page.complaints

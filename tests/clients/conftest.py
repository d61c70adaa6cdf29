"""Two people whose nodes follow each other, anew for every driver."""

import shutil
from pathlib import Path

import pytest
from harness import pages
from harness.node import Node
from harness.waiting import eventually

HERE = Path(__file__).parent


def pytest_addoption(parser):
    default = HERE.parent.parent / "target" / "debug" / "starling"
    parser.addoption("--starling", default=str(default), help="the program to test")
    parser.addoption("--modules", default=str(HERE / "node_modules"), help="where npm put its packages")


@pytest.fixture(scope="session")
def program(request):
    path = Path(request.config.getoption("--starling")).resolve()
    assert path.is_file(), f"{path}: build it first, or say --starling"
    return path


@pytest.fixture(scope="session")
def modules(request):
    return Path(request.config.getoption("--modules")).resolve()


@pytest.fixture(scope="session")
def site(modules):
    """A web server for the pages of `page/`, at an origin of its own."""
    with pages.serve(HERE / "page", modules) as origin:
        yield origin


@pytest.fixture(scope="module")
def pair(program, site, tmp_path_factory):
    folder = tmp_path_factory.mktemp("nodes")
    # Ada uses a client in a page, and lets its origin in. Bob does not.
    nodes = [Node(program, folder, "ada", [("http.origins", site)]), Node(program, folder, "bob")]
    ada, bob = nodes
    ada.does("follow", bob.author, "--at", bob.listen)
    bob.does("follow", ada.author, "--at", ada.listen)
    for one, other in ((ada, bob), (bob, ada)):
        account = one.knows(other)
        eventually(f"{one.name} is followed by {other.name}", lambda: one.get(
            "/api/v1/accounts/relationships", params={"id[]": account["id"]})[0]["followed_by"])
    yield ada, bob
    for node in nodes:
        node.stop()


@pytest.fixture(scope="module")
def ada(pair):
    return pair[0]


@pytest.fixture(scope="module")
def bob(pair):
    return pair[1]


@pytest.fixture(scope="session")
def picture(tmp_path_factory):
    """A photograph's file: with a place in its EXIF, which nobody asked to publish."""
    from PIL import Image

    path = tmp_path_factory.mktemp("pictures") / "garden.jpg"
    image = Image.linear_gradient("L").resize((640, 480)).convert("RGB")
    exif = Image.Exif()
    exif[0x010E] = "SECRET-PLACE"
    image.save(path, exif=exif)
    return path


@pytest.fixture(scope="session")
def node_program():
    found = shutil.which("node")
    if not found:
        pytest.skip("left out: the clients from npm need Node.js")
    return found

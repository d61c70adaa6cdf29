"""The way through OAuth as a person goes it: a page with a form, or a code on the command line."""

import re
from html.parser import HTMLParser
from urllib.parse import parse_qs, urljoin, urlparse

REFUSING = re.compile("deny|decline|refuse|reject|cancel|\\bno\\b", re.IGNORECASE)
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"


class Page(HTMLParser):
    """The forms of a page, and the words in its <code> elements."""

    def __init__(self, text):
        super().__init__()
        self.forms, self.codes, self._code, self._button = [], [], None, False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self.forms.append({"action": attributes.get("action", ""), "method": attributes.get("method", "get"),
                               "fields": [], "buttons": []})
        elif tag == "input" and self.forms and attributes.get("type") != "submit":
            if "name" in attributes:
                self.forms[-1]["fields"].append((attributes["name"], attributes.get("value", "")))
        elif tag in ("button", "input") and self.forms:
            self.forms[-1]["buttons"].append([attributes.get("name"), attributes.get("value", ""), ""])
            self._button = tag == "button"
        elif tag == "code":
            self._code = ""

    def handle_data(self, data):
        if self._code is not None:
            self._code += data
        if self._button:
            self.forms[-1]["buttons"][-1][2] += data

    def handle_endtag(self, tag):
        if tag == "code" and self._code is not None:
            self.codes.append(self._code.strip())
            self._code = None
        elif tag == "button":
            self._button = False


def open_page(node, url):
    """The page that asks the person, as a browser gets it."""
    answer = node.ask("GET", url, token=None)
    assert answer.status_code == 200, f"{answer.status_code} {answer.text[:500]}"
    assert answer.headers["content-type"].startswith("text/html"), answer.headers
    return answer


def press(node, answer, refuse=False):
    """Presses a button of the page, as a browser without JavaScript does: the one that goes on, or the one that refuses."""
    forms = Page(answer.text).forms
    assert forms, f"a form to answer: {answer.text[:500]}"
    for form in forms:
        for name, value, words in form["buttons"] or [(None, "", "")]:
            if bool(REFUSING.search(f"{form['action']} {name} {value} {words}")) == refuse:
                fields = form["fields"] + ([(name, value)] if name else [])
                headers = {"Origin": node.http, "Referer": answer.url}
                return node.ask(form["method"].upper(), urljoin(answer.url, form["action"]), token=None,
                                data=fields, headers=headers)
    raise AssertionError(f"no such button: {forms}")


def word_of(answer):
    """What the page tells the person to say in a terminal."""
    shown = " ".join(Page(answer.text).codes)
    found = re.search(r"api approve (\S+)", shown) or re.search(r"\b([A-Z]{4}-?[A-Z]{4})\b", shown)
    assert found, f"a word for the terminal: {answer.text[:800]}"
    return found[1]


def code_of(answer):
    """The code, in the address that the browser is sent to or in the page."""
    if answer.status_code in (302, 303):
        asked = parse_qs(urlparse(answer.headers["location"]).query)
        assert "code" in asked, answer.headers["location"]
        return asked["code"][0]
    assert answer.status_code == 200, f"{answer.status_code} {answer.text[:500]}"
    codes = Page(answer.text).codes
    assert codes, f"a code on the page: {answer.text[:800]}"
    return codes[0]


def approve(node, url):
    """Opens the page, says yes in a terminal, goes on with the page: what comes then is shown or sent to."""
    page = open_page(node, url)
    said = node.does("api", "approve", word_of(page), "--yes")
    return press(node, page), said


def approve_by_page(node, url):
    """The code for the program, as the page or the redirect gives it."""
    return code_of(approve(node, url)[0])


def approve_by_command(node, url):
    """The code for the program, as the terminal prints it where the person has to carry it over."""
    return node.does("api", "approve", word_of(open_page(node, url)), "--yes")["code"]

"""The way through OAuth as a person goes it: a page with a form, or a code on the command line."""

import re
from html.parser import HTMLParser
from urllib.parse import parse_qs, urljoin, urlparse

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"


class Page(HTMLParser):
    """The forms of a page, and the words in its <code> elements."""

    def __init__(self, text):
        super().__init__()
        self.forms, self.codes, self._code = [], [], None
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
            self.forms[-1]["buttons"].append((attributes.get("name"), attributes.get("value", "")))
        elif tag == "code":
            self._code = ""

    def handle_data(self, data):
        if self._code is not None:
            self._code += data

    def handle_endtag(self, tag):
        if tag == "code" and self._code is not None:
            self.codes.append(self._code.strip())
            self._code = None


def open_page(node, url):
    """The page that asks the person, as a browser gets it."""
    answer = node.ask("GET", url, token=None)
    assert answer.status_code == 200, f"{answer.status_code} {answer.text[:500]}"
    assert answer.headers["content-type"].startswith("text/html"), answer.headers
    return answer


def press(node, answer, allow=True):
    """Presses a button of the page, as a browser without JavaScript does."""
    page = Page(answer.text)
    assert page.forms, f"a form to answer: {answer.text[:500]}"
    form = page.forms[0]
    refusing = re.compile("deny|refuse|reject|cancel|no", re.IGNORECASE)
    chosen = [(name, value) for name, value in form["buttons"]
              if bool(refusing.search(f"{name} {value}")) != allow]
    if not chosen and len(page.forms) > 1:
        form = page.forms[0 if allow else 1]
    fields = form["fields"] + [(name, value) for name, value in chosen[:1] if name]
    headers = {"Origin": node.http, "Referer": answer.url}
    return node.ask(form["method"].upper(), urljoin(answer.url, form["action"]), token=None,
                    data=fields, headers=headers)


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


def approve_by_form(node, url):
    """Allows what the address asks for, on the page; gives the code for the program."""
    return code_of(press(node, open_page(node, url)))


def approve_by_command(node, url):
    """Allows it with `starling api approve`, by the code that the page shows; gives the code for the program."""
    shown = Page(open_page(node, url).text).codes
    assert shown, "the page names a command with a code"
    code = shown[0].split()[-1]
    return node.does("api", "approve", code)["code"]

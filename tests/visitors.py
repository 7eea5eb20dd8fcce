"""A browser without scripts, for tests of the tracker's pages."""

import re
from dataclasses import dataclass, field
from html import unescape

import requests

PASSWORD = "correct horse battery"


@dataclass
class Visitor:
    """A browser without scripts: keeps cookies, sends the form token of its session."""

    base: str
    token: str = ""
    session: requests.Session = field(default_factory=requests.Session)

    def get(self, path, **options):
        return self.session.get(self.base + path, timeout=30, **options)

    def post(self, path, data=None, follow=False, **options):
        sent = {"form_token": self.token, **(data or {})}
        return self.session.post(
            self.base + path, data=sent, timeout=30, allow_redirects=follow, **options
        )

    def upload(self, path, text, **data):
        return self.post(path, data, files={"file": ("file.csv", text.encode(), "text/csv")})


def hidden(page, name):
    """Given a page and the name of a hidden value of its form, return the value."""
    pattern = rf'(?:name="{name}" value="([^"]*)"|<textarea [^>]*name="{name}"[^>]*>\n([^<]*)<)'
    found = re.search(pattern, page.text)
    return unescape(found[1] if found[1] is not None else found[2])

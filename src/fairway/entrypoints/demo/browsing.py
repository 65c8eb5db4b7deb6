"""What a maintainer clicks in the portal, request by request, as a browser makes them."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from urllib.parse import urlencode

from fairway.domain.errors import Terminal


class Browser:
    """Keeps cookies and follows redirects; `pages` are the addresses that it came to."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.pages: list[str] = []
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def open(self, path: str, form: list[tuple[str, str]] | None = None) -> str:
        """The page; with a form, what is answered to it. Raises Terminal for an error of the server's."""
        data = urlencode(form).encode() if form is not None else None
        request = urllib.request.Request(f"{self.url}{path}", data=data, headers={"Origin": self.url} if data else {})
        try:
            with self._opener.open(request, timeout=20) as answer:
                self.pages.append(str(answer.url).removeprefix(self.url))
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            raise Terminal(f"{path} was answered {error.code}: {error.read().decode()[:300]}") from error


def register(url: str, repository: str, *teams: str) -> list[str]:
    """Sign in, open the repository's page, tick the teams, save. What the pages say, in a line each."""
    browser = Browser(url)
    listed = browser.open("/auth/login")
    page = browser.open(f"/repositories/{repository}")
    fields = [(name, _field(page, name)) for name in ("csrf", "version")]
    saved = browser.open(f"/repositories/{repository}", [*fields, *(("team", team) for team in teams)])
    told = [re.sub(r"\s+", " ", re.sub("<[^>]+>", "", one)).strip() for one in re.findall(r"<p>(.*?)</p>", saved, re.S)]
    mine = "yes" if repository in listed else "no"
    fixed = re.findall(r'value="([^"]+)"[^>]*disabled', page)
    return [
        f"signed in with GitHub; {repository} is among the repositories: {mine}",
        f"ticked {', '.join(teams)}; not to be ticked, for want of a maintainer: {', '.join(fixed) or 'none'}",
        told[0] if told else "saved",
    ]


def _field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    if found is None:
        raise Terminal(f"the form has no field {name}")
    return found[1]

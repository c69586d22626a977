"""A browser for tests: it follows redirects, keeps cookies by host and path, and sends Secure ones to loopback."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.parse import urljoin

import requests
from requests.cookies import extract_cookies_to_jar, get_cookie_header

from tests.integration.clinic import Clinic

PANEL = re.compile(r"http://localhost:\d+/p/[\w-]{24}/")
REDIRECTS = (301, 302, 303, 307, 308)


class Browser:
    """One browser profile: its own cookies, no JavaScript."""

    def __init__(self) -> None:
        self.session = requests.Session()
        self.session.trust_env = False
        # Browsers hold loopback to be as good as HTTPS (W3C Secure Contexts, section 3.1).
        self.jar = CookieJar(DefaultCookiePolicy(secure_protocols=("https", "http")))

    def request(self, method: str, url: str, *, follow: bool = True, **options: Any) -> requests.Response:
        """The answer, redirects followed as browsers do: with GET, and with the cookies of each place."""
        answer = self._send(method, url, **options)
        for _ in range(10):
            if not follow or answer.status_code not in REDIRECTS:
                return answer
            answer = self._send("GET", urljoin(answer.url, answer.headers["Location"]))
        raise AssertionError(f"too many redirects: {answer.url}")

    def get(self, url: str, **options: Any) -> requests.Response:
        """A page."""
        return self.request("GET", url, **options)

    def launch(self, clinic: Clinic, patient: str, **query: str) -> requests.Response:
        """What comes of opening the patient's chart: the panel's page, or the page that says why not."""
        return self.get(f"{clinic.ehr.base_url}/launch/{patient}", params=query)

    def open(self, clinic: Clinic, patient: str, **query: str) -> Panel:
        """The patient's panel; the launch must succeed."""
        page = self.launch(clinic, patient, **query)
        assert page.status_code == 200, page.text
        assert PANEL.fullmatch(page.url), page.url
        return Panel(self, page.url)

    def callback(self, clinic: Clinic, patient: str, **query: str) -> str:
        """The address to which the EHR sends this browser back, not yet opened."""
        answer = self.get(f"{clinic.ehr.base_url}/launch/{patient}", params=query, follow=False)
        while not (location := answer.headers["Location"]).startswith(f"{clinic.address}/callback"):
            answer = self.get(location, follow=False)
        return location

    def close(self) -> None:
        """Lets go of its connections."""
        self.session.close()

    def _send(self, method: str, url: str, **options: Any) -> requests.Response:
        headers = options.pop("headers", None) or {}
        request = requests.Request(method, url, headers=headers, **options).prepare()
        if (cookies := get_cookie_header(self.jar, request)) is not None:  # type: ignore[no-untyped-call]
            request.headers["Cookie"] = cookies
        answer = self.session.send(request, allow_redirects=False, timeout=30)
        extract_cookies_to_jar(self.jar, request, answer.raw)  # type: ignore[no-untyped-call]
        return answer


class Panel:
    """One opened panel, as its page and as its JSON."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser = browser
        self.url = url
        self.token = self.view()["csrf_token"]

    @property
    def launch(self) -> str:
        """The launch's id."""
        return self.url.rstrip("/").rpartition("/")[2]

    def view(self) -> dict[str, Any]:
        """The panel as JSON."""
        answer = self.browser.get(self.url, headers={"Accept": "application/json"})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def page(self) -> str:
        """The panel as HTML."""
        answer = self.browser.get(self.url, headers={"Accept": "text/html"})
        assert answer.status_code == 200, answer.text
        return answer.text

    def post(self, path: str, fields: dict[str, Any], *, as_json: bool = True, **headers: str) -> requests.Response:
        """The answer to a form of the panel, sent as JSON or as a form; `headers` replace its own ("" leaves out)."""
        given = {"X-CSRF-Token": self.token, "Accept": "application/json" if as_json else "text/html"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        body: dict[str, Any] = {"json": fields} if as_json else {"data": fields}
        sent = {name: value for name, value in given.items() if value}
        return self.browser.request("POST", self.url + path, headers=sent, follow=False, **body)

    def timer(self, action: str, **fields: str) -> dict[str, Any]:
        """Presses the timer."""
        answer = self.post("timer", {"action": action, **fields})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def enter(self, **fields: Any) -> requests.Response:
        """Enters time by hand; what is not named has a valid value."""
        return self.post("entries", manual_entry(**fields))

    def entry(self, **fields: Any) -> str:
        """Enters time by hand; the id of the new entry."""
        answer = self.enter(**fields)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def entries(self) -> list[dict[str, Any]]:
        """The month's entries, newest first."""
        return list(self.view()["entries"])

    def statuses(self) -> list[str]:
        """The status of each entry."""
        return [entry["status"] for entry in self.entries()]


def manual_entry(**fields: Any) -> dict[str, Any]:
    """The fields of a valid manual entry, twelve minutes this morning; `fields` replace them, None leaves out."""
    values: dict[str, Any] = {
        "start": "2026-11-24T09:30:00-05:00",
        "minutes": 12,
        "activity": "medication_review",
        "modality": "phone",
        "note": "Went through the morning doses.",
        "key": "key-1",
    }
    return {name: value for name, value in (values | fields).items() if value is not None}


@contextlib.contextmanager
def browsing() -> Iterator[Browser]:
    """A browser whose connections are closed afterwards."""
    browser = Browser()
    try:
        yield browser
    finally:
        browser.close()

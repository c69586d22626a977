"""What people and programs may send: unusable input is refused with its field named, hostile text is only text."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

import pytest

from tests.integration.browser import Browser, Panel, manual_entry
from tests.integration.clinic import Clinic, Resource

PATIENT = "albarracin-marisol"

MINUTES: list[Any] = [-1, 0, 1441, 10**9, 10**400, 1.5, 12.0, True, [12], {"a": 1}, None, ""]
MINUTES += ["NaN", "Infinity", "1e3", "1.5", "+5", "-5", "٣", "0x10", "12 minutes"]
STARTS: list[Any] = [None, "", 0, 1764000000, "yesterday", "2026-11-24", "2026-11-24T09:30:00"]
STARTS += ["2026-11-24T09:30:00-05:00\n", "2026-02-30T09:30:00Z", "2026-11-24T25:00:00Z", "2026-11-24T09:30Zjunk"]
STARTS += ["2026-11-24T15:30:00Z", "2026-11-25T09:30:00-05:00", "2027-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00"]
STARTS += ["0001-01-01T00:00:00+14:00", "0001-01-02T00:00:00Z", "1999-12-31T23:59:00Z", "2024-12-31T23:59:59-05:00"]
TEXT_FIELDS: dict[str, list[Any]] = {
    "activity": [None, "", "golf", "patient_contact ", "PATIENT_CONTACT", 7, ["referral"]],
    "modality": [None, "", "fax", {}, False],
    "note": [7, ["a"], {"a": "b"}, "x" * 10_001, True],
    "key": [None, "", "  ", "\x00", "k" * 191, 7, ["k"]],
}
UNUSABLE: list[tuple[str, Any]] = [
    (field, value) for field, values in {"minutes": MINUTES, "start": STARTS, **TEXT_FIELDS}.items() for value in values
]


@pytest.mark.parametrize(("field", "value"), UNUSABLE, ids=lambda value: str(value)[:24].strip() or "empty")
def test_an_entry_that_cannot_be_used_is_refused_and_the_field_named(
    shared_clinic: Clinic, panel: Panel, field: str, value: Any
) -> None:
    answer = panel.post("entries", manual_entry(**{field: value}))
    assert answer.status_code == 422, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["title"]) == (422, "Some of the input cannot be used")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert problem["errors"][0]["message"]
    if isinstance(value, str):
        page = panel.post("entries", manual_entry(**{field: value}), as_json=False)
        assert (page.status_code, page.headers["Content-Type"]) == (422, "text/html; charset=utf-8")
        assert f"{field}:" in page.text


@pytest.fixture(scope="module")
def module_browser() -> Any:
    """A browser for the tests that change nothing."""
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def panel(shared_clinic: Clinic, module_browser: Browser) -> Panel:
    """A panel in which nothing is ever entered."""
    return module_browser.open(shared_clinic, PATIENT)


def test_nothing_of_all_that_was_kept(panel: Panel) -> None:
    assert panel.entries() == []


def test_every_field_that_is_wrong_is_named_at_once(panel: Panel) -> None:
    answer = panel.post("entries", {})
    named = {error["field"] for error in answer.json()["errors"]}
    assert (answer.status_code, named) == (422, {"start", "minutes", "activity", "modality", "key"})


def test_work_that_would_end_in_the_future_is_refused(panel: Panel) -> None:
    answer = panel.enter(start="2026-11-24T09:50:00-05:00", minutes=30)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "minutes")


@pytest.mark.parametrize("action", [None, "", "begin", "START", 1, ["start"]])
def test_an_unknown_press_on_the_timer_is_refused(panel: Panel, action: Any) -> None:
    answer = panel.post("timer", {"action": action})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "action")


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'"text"', b"{", b"\xff\xfe", b'{"a":' * 20_000, b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_refused(panel: Panel, body: bytes) -> None:
    headers = {"X-CSRF-Token": panel.token, "Content-Type": "application/json"}
    answer = panel.browser.request("POST", panel.url + "entries", data=body, headers=headers)
    assert answer.status_code == 400, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_more_than_a_form_can_hold_is_refused(panel: Panel) -> None:
    answer = panel.enter(note="x" * 300_000)
    assert answer.status_code == 413


def test_other_methods_and_unknown_pages_are_refused_in_words(panel: Panel) -> None:
    for method, path, status in (("PUT", "timer", 405), ("GET", "timer", 405), ("GET", "nothing-here", 404)):
        answer = panel.browser.request(method, panel.url + path)
        assert answer.status_code == status
        assert "What to do" in answer.text


BORDERLINE: dict[str, dict[str, Any]] = {
    "the longest": {"minutes": 1440, "start": "2026-11-23T09:30:00-05:00"},
    "the shortest, as text": {"minutes": " 1 "},
    "without seconds": {"start": "2026-11-24T09:30Z"},
    "with a fraction": {"start": "2026-11-24T09:30:00.123456Z"},
    "far east": {"start": "2026-11-24T23:30:00+14:00"},
    "the longest key": {"key": "k" * 190},
    "the longest note": {"note": "n" * 10_000},
    "no note": {"note": None},
    "the first day with rules": {"start": "2025-01-01T00:00:00-05:00"},
}


def test_what_is_just_allowed_is_taken_and_filed(either_clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(either_clinic, PATIENT)
    for name, fields in BORDERLINE.items():
        answer = panel.enter(**{"key": name, **fields})
        assert answer.status_code == 201, (name, answer.text)
    either_clinic.deliver_all()
    with either_clinic.services.store.reading() as session:
        states = session.connection().exec_driver_sql("SELECT DISTINCT state FROM delivery").scalars().all()
    assert set(states) == {"filed"}


SCRIPT = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7 * 7 }}"
TEXTS = {
    "script": SCRIPT,
    "right to left": "שלום \u202eabc\u202c מרחבא",
    "combining": "Z̷̧̛a̷l̴g̵o̶ and e\u0301",
    "emoji": "Called 👩🏽‍⚕️ back 🏳️‍🌈",
    "long": "å" * 10_000,
    "lines": "one\ntwo\n\tthree",
    "sql": "'); DROP TABLE entry; --",
}


def test_a_note_comes_back_as_it_was_typed_in_panel_page_and_chart(either_clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(either_clinic, PATIENT)
    for name, text in TEXTS.items():
        panel.entry(key=name, note=text)
    either_clinic.deliver_all()
    entries = panel.entries()
    assert sorted(entry["note"] for entry in entries) == sorted(TEXTS.values())
    assert SCRIPT not in panel.page()
    for entry in entries:
        kind, _, observation = entry["resources"][1].partition("/")
        assert either_clinic.search(kind, _id=observation)[0]["note"] == [{"text": entry["note"]}]


def test_what_no_text_can_hold_is_left_out_of_a_note(either_clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(either_clinic, PATIENT)
    body = json.dumps(manual_entry(note="PLACE")).replace("PLACE", "a\\u0000b\\ud800c\\u0007d")
    headers = {"X-CSRF-Token": panel.token, "Content-Type": "application/json", "Accept": "application/json"}
    answer = browser.request("POST", panel.url + "entries", data=body, headers=headers)
    assert answer.status_code == 201
    assert [entry["note"] for entry in panel.entries()] == ["abcd"]


ODD = ["%00", "%F0%9F%98%80", "x" * 300, "..%2F..%2Fetc", "%ED%A0%80"]


def test_odd_addresses_are_answered_in_words(either_clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(either_clinic, PATIENT)
    issuer = either_clinic.ehr.fhir_base
    for odd in ODD:
        for path, statuses in {
            f"/p/{odd}/": {400, 404},
            f"/launch?iss={odd}&launch=x": {400},
            f"/launch?iss={issuer}&launch={odd}": {200, 400, 403},
            f"/login?iss={odd}": {400},
            f"/login?iss={issuer}&patient={odd}": {200, 400},
            f"/callback?state={odd}&code={odd}&iss={odd}": {400},
            f"/admin/bootstrap/{odd}": {400, 404},
        }.items():
            answer = browser.get(either_clinic.address + path)
            assert answer.status_code in statuses, (path, answer.text)
        answer = panel.post(f"entries/{odd}/void", {"reason": "x"})
        assert answer.status_code in (400, 404), (odd, answer.text)


def hostile(clinic: Clinic) -> Resource:
    """A patient whose every text is a script."""
    clinic.put(
        {
            "resourceType": "Patient",
            "id": "hostile",
            "name": [{"family": SCRIPT, "given": ["\u202e" + SCRIPT]}],
            "birthDate": "1950-01-01",
            "identifier": [{"type": {"coding": [{"code": "MR"}]}, "value": SCRIPT}],
        }
    )
    for number, code in enumerate(({"text": SCRIPT}, {"coding": [{"display": SCRIPT, "code": SCRIPT}]})):
        clinic.put(
            {
                "resourceType": "Condition",
                "id": f"hostile-{number}",
                "clinicalStatus": {"coding": [{"code": "active"}]},
                "code": code,
                "subject": {"reference": "Patient/hostile"},
            }
        )
    plan: Resource = {
        "resourceType": "CarePlan",
        "id": "hostile-plan",
        "status": "active",
        "intent": "plan",
        "title": SCRIPT,
        "description": SCRIPT,
        "subject": {"reference": "Patient/hostile"},
        "activity": [{"detail": {"status": "in-progress", "description": SCRIPT}}],
        "text": {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{SCRIPT}</div>'},
    }
    clinic.put(plan)
    return plan


class Tags(HTMLParser):
    """What a page really consists of, for a browser."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, list[tuple[str, str | None]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, attrs))


def test_scripts_in_a_chart_are_only_words(clinic: Clinic, browser: Browser) -> None:
    hostile(clinic)
    panel = browser.open(clinic, "hostile")
    panel.entry(note=SCRIPT)
    clinic.deliver_all()
    page = panel.page()
    tags = Tags()
    tags.feed(page)
    assert [dict(attributes) for tag, attributes in tags.found if tag == "script"] == [
        {"type": "module", "src": "/static/panel.js"}
    ]
    assert not [tag for tag, _ in tags.found if tag in ("img", "iframe", "object", "base", "style")]
    assert not [name for _, attributes in tags.found for name, _ in attributes if name.startswith(("on", "style"))]
    assert "{{ 7 * 7 }}" in page
    assert "&lt;script&gt;alert(1)" in page

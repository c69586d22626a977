"""What must hold for the panel's page in every state: it is inert, postable without script, labelled, and bounded."""

from __future__ import annotations

import gzip
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from smart_app.panel.view import EntryView

from . import samples
from .page import ROOT, Page, render_panel

HOSTILE = "\"><script>alert(1)</script><img src=x onerror='alert(2)'>{{ 7 * 7 }}"


@pytest.fixture(scope="module", params=sorted(samples.STATES))
def page(request: pytest.FixtureRequest) -> Page:
    return render_panel(samples.STATES[request.param]())


def test_every_element_is_closed_and_every_id_is_unique(page: Page) -> None:
    ids = Counter(element.attributes["id"] for element in page.elements if "id" in element.attributes)
    assert page.unclosed == []
    assert [one for one, times in ids.items() if times > 1] == []


def test_nothing_is_inline_that_the_content_security_policy_forbids(page: Page) -> None:
    assert page.all("style") == []
    assert [script.attributes.get("src") for script in page.all("script")] == ["/static/panel.js"]
    for element in page.elements:
        assert not [name for name in element.attributes if name == "style" or name.startswith("on")], element
        assert not element.attributes.get("href", "").startswith("javascript:")


def test_every_post_names_its_patient_and_carries_the_token(page: Page) -> None:
    posts = [form for form in page.all("form") if form.attributes["method"] == "post"]
    assert {form.attributes["action"] for form in posts} >= {"/p/L1/timer", "/p/L1/entries", "/p/L1/logout"}
    for form in posts:
        hidden = {field.attributes.get("name"): field.attributes.get("value") for field in page.inside(form, "input")}
        assert (hidden["csrf_token"], hidden["patient"]) == ("token-1", "pat-1")


def test_every_field_has_a_label_and_every_button_a_name(page: Page) -> None:
    for field in page.all("input", "select", "textarea"):
        labels = [ancestor for ancestor in field.ancestors if ancestor.tag == "label" and ancestor.text.strip()]
        assert labels or field.attributes["type"] == "hidden", field
    for control in page.all("button", "a", "summary"):
        assert control.text.strip() or control.attributes.get("aria-label"), control


def test_headings_begin_with_the_patient_and_skip_no_level(page: Page) -> None:
    levels = [int(heading.tag[1]) for heading in page.all("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


def test_what_a_label_refers_to_is_on_the_page(page: Page) -> None:
    ids = {element.attributes.get("id") for element in page.elements}
    references = [
        reference
        for element in page.elements
        for name in ("aria-labelledby", "aria-describedby", "form", "for")
        for reference in element.attributes.get(name, "").split()
    ]
    assert references
    assert set(references) <= ids


@pytest.mark.parametrize("name", [samples.LONG_NAME, samples.ARABIC_NAME, HOSTILE])
def test_the_name_is_shown_whole_in_the_heading_and_in_the_title(name: str) -> None:
    page = render_panel(samples.named(name))
    assert page.all("h1")[0].text.strip() == name
    assert page.all("title")[0].text.startswith(name[:40])


def test_markup_in_the_chart_is_shown_as_text() -> None:
    entry = samples.entry(
        id=HOSTILE,
        note=HOSTILE,
        performer=HOSTILE,
        activity_label=HOSTILE,
        status_detail=HOSTILE,
        uncounted_reasons=(HOSTILE,),
        counted_seconds=0,
        resources=(HOSTILE,),
    )
    plan = replace(samples.CARE_PLANS[0], id=HOSTILE, title=HOSTILE, goals=(HOSTILE,), activities=(HOSTILE,))
    page = render_panel(
        samples.panel(
            entries=(entry,),
            conditions=(replace(samples.CONDITIONS[0], text=HOSTILE, code_label=HOSTILE, detail=HOSTILE),),
            care_plans=(plan,),
            notices=(HOSTILE,),
            timer=replace(samples.RUNNING, note=HOSTILE, others=(HOSTILE,)),
        )
    )
    assert len(page.all("script")) == 1
    assert page.all("img") == []
    assert "7 * 7" in page.text
    assert [area.text for area in page.all("textarea") if area.attributes["id"] == "timer-note"] == [HOSTILE]


def test_a_chart_without_data_says_so_in_each_section() -> None:
    text = render_panel(samples.empty()).text
    assert "Nothing stands in the way" in text
    assert "No time yet this month" in text
    assert "The chart lists no conditions" in text
    assert "The chart has no care plan" in text


@pytest.mark.parametrize(
    ("part", "said", "unsaid"),
    [
        ("conditions", "The conditions could not be read", "The chart lists no conditions"),
        ("care_plans", "The care plans could not be read", "The chart has no care plan"),
    ],
)
def test_what_could_not_be_read_is_not_shown_as_none(part: str, said: str, unsaid: str) -> None:
    text = render_panel(replace(samples.empty(), unread=(part,))).text
    assert said in text
    assert unsaid not in text


def test_a_crowded_chart_is_bounded_and_says_how_much_is_left_out() -> None:
    page = render_panel(samples.crowded())
    classes = Counter(element.attributes.get("class", "") for element in page.elements)
    assert classes["entry filed"] == 200
    assert classes["problem"] == 400
    assert classes["plan"] == 60
    for words in ("Show all 260 entries", "… and 60 more", "… and 800 more", "… and 3800 more", "Show all 60 goals"):
        assert words in page.text


def _actions(page: Page) -> list[str]:
    timer = next(one for one in page.all("section") if one.attributes.get("id") == "timer")
    buttons = page.inside(timer, "button")
    return [button.attributes["value"] for button in buttons if button.attributes.get("name") == "action"]


@pytest.mark.parametrize(
    ("state", "actions"),
    [("idle", {"start"}), ("running", {"stop", "pause", "discard"}), ("paused", {"resume", "stop", "discard"})],
)
def test_the_timer_offers_what_its_state_allows(state: str, actions: set[str]) -> None:
    assert set(_actions(render_panel(samples.STATES[state]()))) == actions


def test_a_running_timer_shows_the_time_at_the_servers_now() -> None:
    page = render_panel(samples.panel(timer=replace(samples.RUNNING, seconds=3590, as_of=samples.NOW - 15)))
    clocks = [element.text for element in page.elements if "data-clock" in element.attributes]
    assert clocks == ["1:00:05", "1:00:05"]


def test_a_paused_timer_stands_still() -> None:
    page = render_panel(samples.panel(timer=replace(samples.PAUSED, seconds=62, as_of=samples.NOW - 500)))
    assert {element.text for element in page.elements if "data-clock" in element.attributes} == {"01:02"}


def test_the_timer_keeps_its_activity_and_says_which_do_not_count() -> None:
    page = render_panel(samples.panel(timer=replace(samples.RUNNING, activity="voicemail", modality="portal")))
    chosen = {radio.attributes.get("value") for radio in page.all("input") if "checked" in radio.attributes}
    folded = next(one for one in page.all("details") if one.attributes.get("id") == "timer-more")
    labels = {label.text.strip() for label in page.inside(folded, "label")}
    assert chosen >= {"voicemail", "portal"}
    assert "open" in folded.attributes
    assert "Voicemail, no contact not counted" in labels
    assert "Referral" in labels


def test_an_entry_says_what_was_counted_and_why_not_the_rest() -> None:
    text = render_panel(samples.panel()).text
    assert "0 of 2 min" in text
    assert "Not counted: the same minutes as an entry of S. Patel, MD" in text
    assert "Correct Encounter/ccm-5 in the chart: the EHR does not let us amend it." in text
    assert "Observation/ccm-1" in text


def test_only_an_entry_that_can_be_voided_offers_it() -> None:
    page = render_panel(samples.panel(entries=(samples.entry(1), samples.entry(2, can_void=False))))
    actions = [form.attributes.get("action") for form in page.all("form")]
    assert "/p/L1/entries/e1/void" in actions
    assert "/p/L1/entries/e2/void" not in actions


def test_a_read_only_chart_is_announced_before_any_time_is_kept() -> None:
    text = render_panel(samples.read_only()).text
    assert "Not filed in the chart as data" in text
    assert text.index("This EHR does not accept time as data.") < text.index("Start timer")


def test_the_ehrs_own_frame_may_show_birth_date_and_number_but_the_name_stays() -> None:
    page = render_panel(samples.panel(banner=replace(samples.panel().banner, show_patient=False)))
    assert "Idalia Kertzmann" in page.text
    assert "00417" not in page.text
    assert "29 Jul 1942" not in page.text


def test_a_death_is_said_beside_the_name() -> None:
    page = render_panel(samples.deceased())
    banner = page.all("header")[0]
    assert "Deceased 21 Nov 2026" in banner.text


def test_a_page_with_its_assets_stays_within_thirty_kilobytes_compressed() -> None:
    assets = [(ROOT / "static" / name).read_bytes() for name in ("cadence.css", "panel.js", "icon.svg")]
    html = render_panel(samples.panel()).source.encode()
    assert sum(len(gzip.compress(part)) for part in (html, *assets)) < 30_000


def _form(page: Page, action: str) -> dict[str, str]:
    """What the form that posts to `action` sends if nothing is changed."""
    form = next(one for one in page.all("form") if one.attributes.get("action") == f"/p/L1/{action}")
    values = {}
    for control in page.inside(form, "input", "textarea", "select"):
        chosen = [one.attributes["value"] for one in page.inside(control, "option") if "selected" in one.attributes]
        own = control.text.strip() if control.tag == "textarea" else control.attributes.get("value", "")
        values[control.attributes["name"]] = chosen[0] if chosen else own
    return values


def test_a_correction_begins_with_what_the_entry_says_and_asks_why() -> None:
    page = render_panel(samples.panel(entries=(samples.entry(1, activity="voicemail", modality="team"),)))
    assert _form(page, "entries/e1/amend") == {
        "csrf_token": "token-1",
        "patient": "pat-1",
        "local_date": "2026-11-19",
        "local_time": "10:12",
        "minutes": "9",
        "modality": "team",
        "activity": "voicemail",
        "note": "Feels steadier since the dose was halved. Will bring the log on Thursday.",
        "reason": "",
    }
    reason = next(one for one in page.all("textarea") if one.attributes.get("id") == "correct-reason-e1")
    assert "required" in reason.attributes


def test_a_void_entry_is_not_corrected() -> None:
    page = render_panel(samples.panel(entries=(samples.entry(1, status="void", can_void=False),)))
    assert "/p/L1/entries/e1/amend" not in {form.attributes.get("action") for form in page.all("form")}


@pytest.mark.parametrize(("revision", "marked"), [(1, False), (2, True), (7, True)])
def test_an_entry_that_was_corrected_says_so(revision: int, marked: bool) -> None:
    page = render_panel(samples.panel(entries=(samples.entry(1, revision=revision),)))
    tags = [span.text for span in page.all("span") if span.attributes.get("class") == "tag"]
    assert ("Corrected" in tags) is marked


TASK = "Mark Encounter/ccm-1 as entered in error in the chart: the EHR does not let us."


@pytest.mark.parametrize(
    "task",
    [
        samples.entry(1, status="attention", status_detail=TASK, chart_task=True),
        samples.entry(1, status="void", status_detail=TASK, chart_task=True, can_void=False),
    ],
    ids=["standing", "void"],
)
def test_what_a_person_must_correct_in_the_chart_stays_in_view_until_it_is_said_to_be_done(task: EntryView) -> None:
    page = render_panel(samples.panel(entries=(task,)))
    row = next(one for one in page.all("details") if one.attributes.get("id") == "entry-e1")
    assert "open" in row.attributes
    assert row.text.count(TASK) == 1
    assert "1 needs attention" in page.text
    assert _form(page, "entries/e1/corrected") == {"csrf_token": "token-1", "patient": "pat-1"}


def test_a_refusal_that_left_nothing_in_the_chart_offers_no_correction_there() -> None:
    refused = samples.entry(1, status="attention", status_detail="The EHR refused it.", resources=())
    page = render_panel(samples.panel(entries=(refused,)))
    assert "The EHR refused it." in page.text
    assert "/p/L1/entries/e1/corrected" not in {form.attributes.get("action") for form in page.all("form")}


def _minutes(page: Page) -> list[dict[str, str]]:
    return [field.attributes for field in page.all("input") if field.attributes.get("id") == "timer-minutes"]


@pytest.mark.parametrize(
    ("proposed", "seconds", "shown", "most"),
    [(14, 73_800, "14", "1230"), (0, 9000, "1", "150"), (9, 99_999, "9", "1440")],
)
def test_a_silent_timer_asks_how_long_the_work_was(proposed: int, seconds: int, shown: str, most: str) -> None:
    timer = replace(samples.SILENT, confirm_minutes=proposed, seconds=seconds, as_of=samples.NOW)
    page = render_panel(samples.panel(timer=timer))
    assert "no sign of work since 23 Nov, 18:04." in page.text
    assert "How many minutes did you work?" in page.text
    (field,) = _minutes(page)
    assert (field["value"], field["min"], field["max"]) == (shown, "1", most)
    assert "required" in field
    assert _form(page, "timer")["minutes"] == shown


def test_throwing_a_silent_timer_away_asks_for_no_minutes() -> None:
    page = render_panel(samples.STATES["silent"]())
    (discard,) = (one for one in page.all("button") if one.attributes.get("value") == "discard")
    assert "formnovalidate" in discard.attributes


def test_a_timer_in_use_asks_nothing() -> None:
    assert _minutes(render_panel(samples.STATES["running"]())) == []


def test_a_timer_that_runs_elsewhere_can_be_switched_here() -> None:
    page = render_panel(samples.STATES["elsewhere"]())
    starts = [one for one in page.all("button") if one.attributes.get("value") == "start"]
    names = {one.attributes.get("aria-label") or one.text.strip() for one in starts}
    assert names == {"Switch the timer to this chart"}


@pytest.mark.parametrize(
    ("others", "said"),
    [
        (("Ana Ruiz",), "Ana Ruiz’s timer runs on this patient now: the same minutes count once."),
        (
            ("Ana Ruiz", "S. Patel"),
            "Timers of Ana Ruiz, S. Patel run on this patient now: the same minutes count once.",
        ),
    ],
)
def test_another_persons_timer_on_the_same_patient_is_named(others: tuple[str, ...], said: str) -> None:
    assert said in render_panel(samples.panel(timer=replace(samples.RUNNING, others=others))).text

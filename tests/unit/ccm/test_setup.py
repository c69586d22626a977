"""The practice's set-up: what it may say, who may change it, and which version judges a month."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccm import setup as su
from ccm.assessment import Policy
from ccm.entries import Entry
from ccm.months import Month
from ccm.records import Actor, Person, Refusal
from ccm.setup import PracticeSetup, Version
from ccm.tables import NATIONAL_TABLES, with_amounts
from tests.unit.ccm.records_support import ADMIN, COORDINATOR, LEAD, NOVEMBER, OCTOBER, ZONE, at, day

ZONES = frozenset({"America/New_York", "America/Chicago"})
CORA, BEN = Person("Practitioner/coordinator", "Cora Coordinator"), Person("Practitioner/ben", "Ben Backup")
PLAIN = su.default_setup("Valley Clinic", "America/New_York")
FULL = replace(
    PLAIN,
    clinic=su.Clinic("Valley Clinic", "555-010-0100", "555-010-0199", "Valley Offices"),
    responsible=tuple(su.Responsible(step, CORA, BEN) for step in su.STEPS),
    fees=(su.Fee(2026, "99490", 7000), su.Fee(2025, "99439", 4600)),
    attestations=tuple(su.PracticeAttestation(code, CORA, day("2026-11-01")) for code in su.PRACTICE_ATTESTATIONS),
    capacities=(su.Capacity(CORA, 200),),
    approval=su.Approval(3, 120),
)


def revise(
    versions: tuple[Version, ...],
    setup: PracticeSetup,
    actor: Actor = LEAD,
    now: str = "2026-11-24T10:00",
    based_on: int | None = None,
) -> Version | Refusal:
    number = len(versions) if based_on is None else based_on
    return su.revise(versions, setup, actor, at(now), ZONE, zone_exists=ZONES.__contains__, based_on=number)


def revised(versions: tuple[Version, ...], setup: PracticeSetup, now: str = "2026-11-24T10:00") -> tuple[Version, ...]:
    made = revise(versions, setup, now=now)
    assert isinstance(made, Version), str(made)
    return (*versions, made)


def refused(setup: PracticeSetup) -> Refusal:
    made = revise((), setup)
    assert isinstance(made, Refusal)
    return made


def test_a_new_practice_begins_with_a_set_up_that_stands_and_says_what_is_open() -> None:
    (version,) = revised((), PLAIN)
    assert (version.number, version.effective_from) == (1, NOVEMBER)
    found = su.gaps(PLAIN)
    assert sum(line.startswith("Name who does") for line in found) == len(su.STEPS)
    assert sum(line.startswith("Attest") for line in found) == 5
    assert su.gaps(FULL) == ()


def test_a_clinic_whose_name_tells_of_an_illness_needs_a_discreet_one() -> None:
    setup = replace(FULL, clinic=replace(FULL.clinic, name="Valley Cancer Center", discreet_name=""))
    assert any("discreet" in line for line in su.gaps(setup))
    assert "Cancer" not in su.said(
        replace(FULL, clinic=replace(setup.clinic, discreet_name="Valley")), "voicemail", "en", "x"
    )


def test_a_month_is_judged_by_the_set_up_that_was_in_force() -> None:
    fixed = replace(PLAIN, policy=Policy("staff"))
    versions = revised((), PLAIN, "2026-09-30T23:59")
    versions = revised(versions, fixed, "2026-11-02T08:00")
    versions = revised(versions, replace(fixed, capacity=90), "2026-11-24T10:00")
    assert su.in_force(versions, Month(2026, 8)) is None
    in_force = [su.in_force(versions, month) for month in (OCTOBER, NOVEMBER, Month(2027, 3))]
    assert [each and each.number for each in in_force] == [1, 3, 3]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(1, 500)), min_size=1, max_size=8))
def test_no_change_ever_alters_a_month_before_its_own(changes: list[tuple[int, int]]) -> None:
    versions: tuple[Version, ...] = ()
    months = [Month(2025 + n // 12, n % 12 + 1) for n in range(36)]
    for days, capacity in changes:
        now = at("2026-01-01T12:00") + days * 86400
        made = su.revise(
            versions,
            replace(PLAIN, capacity=capacity),
            LEAD,
            now,
            ZONE,
            zone_exists=ZONES.__contains__,
            based_on=len(versions),
        )
        if isinstance(made, Refusal):
            assert made.reason == "Nothing is changed."
            continue
        before = {month: su.in_force(versions, month) for month in months if month < made.effective_from}
        versions = (*versions, made)
        assert {month: su.in_force(versions, month) for month in before} == before
        assert su.in_force(versions, made.effective_from) == made


def test_only_a_lead_or_an_admin_changes_the_set_up_and_none_undoes_anothers_unseen() -> None:
    assert isinstance(revise((), PLAIN, ADMIN), Version)
    assert "Your role" in str(revise((), PLAIN, COORDINATOR))
    versions = revised((), PLAIN)
    assert "Lea Lead has changed the set-up meanwhile" in str(revise(versions, FULL, based_on=0))
    assert "names no version" in str(revise(versions, FULL, based_on=9))
    assert "Nothing is changed" in str(revise(versions, PLAIN))


def with_script(kind: str, text: str, language: str = "en") -> PracticeSetup:
    kept = tuple(each for each in PLAIN.scripts if (each.kind, each.language) != (kind, language))
    return replace(PLAIN, scripts=(*kept, su.Script(kind, language, text)))


@pytest.mark.parametrize(
    ("setup", "field"),
    [
        (replace(PLAIN, clinic=su.Clinic(" ")), "clinic.name"),
        (replace(PLAIN, clinic=su.Clinic("x" * 201)), "clinic.name"),
        (replace(PLAIN, clinic=su.Clinic("Valley", callback_night="soon")), "clinic.callback_night"),
        (replace(PLAIN, time_zone="Mars/Olympus"), "time_zone"),
        (replace(PLAIN, cadence=su.Cadence(first_attempt_by_day=31)), "cadence.first_attempt_by_day"),
        (replace(PLAIN, cadence=su.Cadence(attempts_per_month=0)), "cadence.attempts_per_month"),
        (replace(PLAIN, cadence=su.Cadence(days_between=-1)), "cadence.days_between"),
        (replace(PLAIN, cadence=su.Cadence(follow_up_days=0)), "cadence.follow_up_days"),
        (replace(PLAIN, approval=su.Approval(backdated_days=-1)), "approval.backdated_days"),
        (replace(PLAIN, approval=su.Approval(longer_than_minutes=0)), "approval.longer_than_minutes"),
        (replace(PLAIN, capacity=0), "capacity"),
        (replace(PLAIN, capacities=(su.Capacity(CORA, 0),)), "capacities.Practitioner/coordinator"),
        (replace(PLAIN, capacities=(su.Capacity(CORA, 1), su.Capacity(CORA, 2))), "capacities"),
        (replace(PLAIN, policy=Policy("fastest")), "policy.track"),
        (replace(PLAIN, policy=Policy(date_of_service="tomorrow")), "policy.date_of_service"),
        (replace(PLAIN, place_of_service="1"), "place_of_service"),
        (replace(PLAIN, responsible=(su.Responsible("sweeps", CORA),)), "responsible"),
        (replace(PLAIN, responsible=(su.Responsible("calls", CORA),) * 2), "responsible"),
        (replace(PLAIN, responsible=(su.Responsible("calls", CORA, CORA),)), "responsible.calls.backup"),
        (replace(PLAIN, responsible=(su.Responsible("calls", Person("", "x")),)), "responsible.calls.owner"),
        (replace(PLAIN, documentation=(su.ActivityStandard("golf", 3),)), "documentation"),
        (
            replace(PLAIN, documentation=(su.ActivityStandard("referral", 3, frozenset({"rhyme"})),)),
            "documentation.referral.elements",
        ),
        (
            replace(PLAIN, documentation=(su.ActivityStandard("referral", 501),)),
            "documentation.referral.least_characters",
        ),
        (replace(PLAIN, timers=(su.RoleTimer("clinician", "magically"),)), "timers.clinician"),
        (replace(PLAIN, timers=(su.RoleTimer("gardener", "never"),)), "timers"),
        (replace(PLAIN, fees=(su.Fee(1999, "99490", 1),)), "fees.1999.99490"),
        (replace(PLAIN, fees=(su.Fee(2026, "12345", 1),)), "fees.2026.12345"),
        (replace(PLAIN, fees=(su.Fee(2026, "99490", -1),)), "fees.2026.99490"),
        (replace(PLAIN, attestations=(su.PracticeAttestation("golf", CORA, day("2026-11-01")),)), "attestations"),
        (
            replace(PLAIN, attestations=(su.PracticeAttestation("access", CORA, day("2026-11-25")),)),
            "attestations.access.on",
        ),
        (replace(PLAIN, scripts=PLAIN.scripts[1:]), "scripts.enrolment_call.en"),
        (replace(PLAIN, scripts=(*PLAIN.scripts, PLAIN.scripts[0])), "scripts"),
        (with_script("monthly_call", "Hello {name}"), "scripts.monthly_call.en"),
        (with_script("monthly_call", "Hello {patient"), "scripts.monthly_call.en"),
        (with_script("monthly_call", "Hello {patient.age}"), "scripts.monthly_call.en"),
        (with_script("monthly_call", "Bonjour", "fr"), "scripts.monthly_call.fr"),
        (with_script("voicemail", "Hello {patient}, {clinic} here"), "scripts.voicemail.en"),
        (with_script("voicemail", "Call {callback} about your diabetes"), "scripts.voicemail.en"),
        (with_script("voicemail", "Llame al {callback} por su medicamento", "es"), "scripts.voicemail.es"),
        (with_script("voicemail", "Your lab results are in", "en"), "scripts.voicemail.en"),
    ],
)
def test_what_cannot_be_is_refused_by_field(setup: PracticeSetup, field: str) -> None:
    assert refused(setup).field == field


def test_scripts_speak_in_the_clinics_name_and_the_patients_language() -> None:
    opening = su.said(FULL, "enrolment_call", "es-MX", "María Pérez")
    assert "Valley Clinic" in opening
    assert "¿Hablo con María Pérez?" in opening
    assert "Valley Clinic" in su.said(FULL, "monthly_call", "vi", "x")
    assert "555-010-0100 by day, or 555-010-0199 at night" in su.said(FULL, "emergency", "en", "x")
    assert "911" in su.said(FULL, "emergency", "es", "x")


def test_a_voicemail_names_the_clinic_discreetly_and_its_number_and_nobody_else() -> None:
    for language in ("en", "es"):
        text = su.said(FULL, "voicemail", language, "María Pérez")
        assert "Valley Offices" in text
        assert "555-010-0100" in text
        assert "María" not in text
        assert "0199" not in text


def test_a_script_without_a_number_says_so_and_values_are_not_filled_in_again() -> None:
    assert "[no call-back number is set up]" in su.said(PLAIN, "voicemail", "en", "x")
    assert "{callback}" in su.said(FULL, "monthly_call", "en", "{callback}")


@pytest.mark.parametrize("language", ["en", "es"])
def test_all_four_disclosures_are_read_aloud_in_their_order(language: str) -> None:
    sentences = su.disclosures_said(FULL, language, "x")
    assert [code for code, _ in sentences] == ["availability", "cost_sharing", "one_practitioner", "right_to_stop"]
    assert len({text for _, text in sentences}) == 4
    assert "{" not in "".join(text for _, text in sentences)


def test_the_practices_amounts_are_taken_by_the_code_tables() -> None:
    assert su.amounts(FULL) == {"2026": {"99490": Decimal("70.00")}, "2025": {"99439": Decimal("46.00")}}
    table = with_amounts(NATIONAL_TABLES, su.amounts(FULL))[1]
    assert table.track("staff").base.cents == 7000


@pytest.mark.parametrize(
    ("text", "cents"), [("66.13", 6613), (" $66 ", 6600), ("1,066.10", 106610), ("0.07", 7), ("144", 14400)]
)
def test_an_amount_is_read_to_the_cent(text: str, cents: int) -> None:
    assert su.cents_of(text) == cents


@pytest.mark.parametrize("text", ["", "66.1", "66.135", "-5", "1,0", "66,13", "NaN", "٣.١٤", "1e3"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="dollars and cents"):
        su.cents_of(text)


def test_what_is_not_attested_is_said_in_words_that_complete_the_assessments_sentence() -> None:
    assert su.missing_attestations(FULL) == ()
    without = replace(FULL, attestations=FULL.attestations[1:])
    assert su.missing_attestations(without) == ("access to care at any hour of any day",)


def test_timers_and_capacities_have_a_value_for_everybody() -> None:
    assert [su.timer_start(PLAIN, role) for role in ("coordinator", "biller", "stranger")] == [
        "by_hand",
        "never",
        "never",
    ]
    assert (su.capacity_of(FULL, CORA.ref), su.capacity_of(FULL, BEN.ref)) == (200, 150)
    assert su.responsible_for(PLAIN, "calls") is None


def entry(note: str = "", activity: str = "patient_contact", minutes: int = 10) -> Entry:
    start = at("2026-11-20T10:00")
    return Entry("e1", start, start + minutes * 60, "Practitioner/nurse", "staff", activity, note=note)


def test_back_dated_and_long_entries_need_a_second_person_only_where_the_practice_says_so() -> None:
    soon, late = at("2026-11-23T23:59"), at("2026-11-24T00:00")
    assert su.approval_reasons(PLAIN, entry(minutes=600), at("2027-11-24T00:00"), ZONE) == ()
    assert su.approval_reasons(FULL, entry(minutes=120), soon, ZONE) == ()
    assert su.approval_reasons(FULL, entry(minutes=121), late, ZONE) == (
        "dated back 4 days, more than 3",
        "longer than 120 minutes",
    )


@pytest.mark.parametrize(
    ("activity", "note", "missing"),
    [
        ("patient_contact", "", ["a note of 20 characters or more (it has 0)", "what came of the contact"]),
        ("patient_contact", "  x   x  ", ["a note of 20 characters or more (it has 3)", "what came of the contact"]),
        ("patient_contact", "Spoke about her breathing at night", []),
        ("caregiver_contact", "Discussed the plan at length", ["with whom you spoke"]),
        ("medication_review", "Looked at everything on the list", ["the medications you looked at"]),
        ("medication_review", "Metformin 500 mg twice a day, no missed doses", []),
        ("results_review", "Thematic overview of nothing", ["the result you reviewed"]),
        ("results_review", "A1C 7.9, down from 8.4 in May", []),
        ("scheduling", "", []),
    ],
)
def test_a_note_lacks_what_the_standard_of_its_activity_asks(activity: str, note: str, missing: list[str]) -> None:
    assert list(su.documented(entry(note, activity), PLAIN.documentation)) == missing


def test_the_outcome_may_stand_in_the_touchpoint_instead_of_the_note() -> None:
    note = entry("Went through the week, all as before")
    assert su.documented(note, PLAIN.documentation) == ("what came of the contact",)
    assert su.documented(note, PLAIN.documentation, outcome_recorded=True) == ()


def test_a_difference_says_what_was_set_changed_and_removed() -> None:
    new = replace(
        FULL,
        clinic=replace(FULL.clinic, discreet_name=""),
        cadence=su.Cadence(days_between=3),
        fees=(*FULL.fees, su.Fee(2026, "99439", 5001)),
        timers=(*FULL.timers, su.RoleTimer("lead", "at_once")),
    )
    assert su.difference(FULL, new) == (
        "Clinic's discreet name: removed (was Valley Offices).",
        "Days between attempts: changed from 4 to 3.",
        "Timer of the lead: set to when the chart is opened.",
        "Amount of 99439 in 2026: set to 50.01.",
    )
    assert su.difference(FULL, FULL) == ()


def changes(path: tuple[str | int, ...], value: Any) -> Any:
    plain = json.loads(json.dumps(su.setup_to_dict(FULL)))
    place = plain
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return plain


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("capacity",), "many", "setup.capacity: has the wrong type"),
        (("capacity",), True, "setup.capacity: has the wrong type"),
        (("fees", 0, "cents"), 70.0, "setup.fees.cents: has the wrong type"),
        (("cadence", "mood"), 1, "setup.cadence: is not an object of the known fields"),
        (("scripts",), {}, "setup.scripts: is not a list"),
        (("attestations", 0, "on"), "soon", "setup.attestations.on: must be a date"),
    ],
)
def test_a_set_up_that_cannot_be_read_whole_is_refused_by_field(
    path: tuple[str | int, ...], value: object, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        su.setup_from_dict(changes(path, value))


def test_versions_survive_json() -> None:
    for version in revised(revised((), PLAIN), FULL):
        assert su.version_from_dict(json.loads(json.dumps(su.version_to_dict(version)))) == version


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_two_set_ups_differ_in_words_exactly_when_they_differ(data: st.DataObject) -> None:
    def some() -> PracticeSetup:
        return replace(
            FULL,
            cadence=su.Cadence(*data.draw(st.tuples(*[st.integers(1, 2)] * 4))),
            approval=su.Approval(data.draw(st.sampled_from((None, 0, 1))), data.draw(st.sampled_from((None, 60, 90)))),
            responsible=FULL.responsible[: data.draw(st.integers(0, 2))],
            attestations=FULL.attestations[: data.draw(st.integers(0, 2))],
            documentation=FULL.documentation[: data.draw(st.integers(0, 2))],
        )

    old, new = some(), some()
    assert (su.difference(old, new) == ()) == (old == new)
    assert su.setup_from_dict(json.loads(json.dumps(su.setup_to_dict(new)))) == new


@pytest.mark.parametrize("kind", su.SCRIPT_KINDS)
def test_a_new_practice_has_each_script_in_english_and_spanish(kind: str) -> None:
    english, spanish = (su.said(FULL, kind, language, "Ana Ruiz") for language in ("en", "es"))
    assert [any(word in text.lower() for word in (" you", "your ")) for text in (english, spanish)] == [True, False]
    assert ("911" in english, "Ana Ruiz" in english) == ("911" in spanish, "Ana Ruiz" in spanish)
    assert "{" not in english + spanish

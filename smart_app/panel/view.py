"""Owns what the panel shows: one frozen value from which both the HTML page and its JSON are made.

Times here are ISO 8601 strings with the practice's offset; `*_label` fields are the same thing in a person's words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smart_app.panel.sections import AttestationView, ProgrammeView


@dataclass(frozen=True, slots=True)
class BannerView:
    """Whose chart, who is signed in, and where time will be filed. `age` is in completed years, None if unknown."""

    patient_id: str
    name: str
    age: int | None
    birth_date: str
    mrn: str
    deceased: bool
    deceased_on: str
    ehr_name: str
    user_name: str
    user_role: str
    show_patient: bool  # need_patient_banner: false where the EHR's own frame already shows the patient


@dataclass(frozen=True, slots=True)
class WritebackView:
    """The rung of the ladder: code ("encounter_observation", "observation", "note", "ledger_only"), label and why."""

    rung: str
    label: str
    why: str
    ok: bool  # false where time will not reach the chart as data


@dataclass(frozen=True, slots=True)
class MonthView:
    """The care month: "2026-11", "November 2026", minutes and the ring's target, days left in the practice's zone."""

    month: str
    label: str
    days_left: int
    minutes: int
    target: int
    fraction: float  # 0.0 to 1.0 of the ring
    uncounted_minutes: int
    stage: str
    headline: str  # "6 more minutes"
    subline: str  # "reach 99490"


@dataclass(frozen=True, slots=True)
class BlockerView:
    """One thing that stands between the month and a claim, and the one action that clears it ("" if none here)."""

    code: str
    text: str
    severity: str  # "block" or "warn"
    action_label: str = ""
    action_href: str = ""


@dataclass(frozen=True, slots=True)
class TimerView:
    """The running or paused timer of the signed-in person on this patient, or idle.

    `seconds` is what has run so far at `as_of` (POSIX seconds, the server's clock); `elsewhere` names another
    patient-less notice: a timer of the same person runs in another chart. `seen_at` is the person's last sign of life
    here (POSIX seconds), `seen_label` the same in words where minutes must be confirmed.
    """

    state: str  # "idle", "running", "paused"
    seconds: int
    as_of: int
    activity: str
    modality: str
    note: str
    others: tuple[str, ...] = ()  # names of other people whose timer runs on this patient now
    elsewhere: bool = False
    confirm_minutes: int | None = None  # minutes up to the last sign of life, where the person must confirm them
    seen_at: int = 0
    seen_label: str = ""


@dataclass(frozen=True, slots=True)
class EntryView:
    """One row of the month's time. `status`: waiting, filed, attention or void; `resources`: "Encounter/1", ...

    `local_date` and `local_time` are the start in the practice's zone, as a form takes them; `revision` is 1 until the
    entry is corrected. `chart_task`: a person must correct the chart, as `status_detail` says, void entries included.
    """

    id: str
    start: str
    end: str
    when_label: str
    performer: str
    activity: str
    activity_label: str
    modality: str
    modality_label: str
    minutes: int
    counted_seconds: int
    uncounted_reasons: tuple[str, ...]
    note: str
    status: str
    status_label: str
    status_detail: str
    resources: tuple[str, ...]
    can_void: bool
    local_date: str
    local_time: str
    revision: int
    chart_task: bool


@dataclass(frozen=True, slots=True)
class ConditionView:
    """One problem: `code_label` "E11.9" or "SNOMED 44054006", `state` "proposed", "review" or "other".

    `icd10` is the chart's own code, `suggested_icd10` the usual one of its SNOMED CT concept, '' where there is none;
    `attestation` is what a clinician attested of it; `row` tells the problems of one panel apart.
    """

    text: str
    code_label: str
    state: str
    state_label: str
    detail: str
    icd10: str = ""
    suggested_icd10: str = ""
    attestation: AttestationView | None = None
    row: int = 0


@dataclass(frozen=True, slots=True)
class CarePlanView:
    """One care plan of the chart, newest first; `ccm` is "confirmed" or "proposed" for the one that is the CCM plan."""

    id: str
    title: str
    status: str
    period_label: str
    goals: tuple[str, ...]
    activities: tuple[str, ...]
    ccm: str = ""


@dataclass(frozen=True, slots=True)
class PanelView:
    """All of one panel page. `assessment` is the object of ASSESS, `launch_url` the page's own address, with a '/'.

    `local_date` is today in the practice's zone ("2026-11-24"): the default and the latest day of a manual entry.
    `unread` names the parts of the chart that could not be read ("conditions", "care_plans"): unknown is not none.
    """

    launch: str
    launch_url: str
    csrf_token: str
    banner: BannerView
    writeback: WritebackView
    month: MonthView
    blockers: tuple[BlockerView, ...]
    timer: TimerView
    entries: tuple[EntryView, ...]
    conditions: tuple[ConditionView, ...]
    care_plans: tuple[CarePlanView, ...]
    enrolment: dict[str, Any]
    assessment: dict[str, Any]
    notices: tuple[str, ...]
    activities: tuple[tuple[str, str, bool], ...]  # code, label, counted
    modalities: tuple[tuple[str, str], ...]
    now: int  # POSIX seconds, the server's clock
    timezone: str
    smart_style: dict[str, str]
    programme: ProgrammeView
    local_date: str = ""
    unread: tuple[str, ...] = ()

"""Owns the sample panels that the template tests render: one ordinary panel, and the states that depart from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from smart_app.panel.view import (
    BannerView,
    BlockerView,
    CarePlanView,
    ConditionView,
    EntryView,
    MonthView,
    PanelView,
    TimerView,
    WritebackView,
)

from .programme_samples import ATTESTATION, EMPTY_PROGRAMME, PROGRAMME, READ_ONLY_PROGRAMME

NOW = 1_795_544_400  # 2026-11-24 14:20 in New York
COUNTED = (
    ("patient_contact", "Patient contact"),
    ("medication_review", "Medication review"),
    ("care_plan_work", "Care plan work"),
    ("results_review", "Results review"),
    ("documentation", "Documentation"),
    ("caregiver_contact", "Caregiver contact"),
    ("provider_coordination", "Provider coordination"),
    ("referral", "Referral"),
    ("transition", "Care transition"),
    ("community_coordination", "Community coordination"),
)
UNCOUNTED = (
    ("voicemail", "Voicemail, no contact"),
    ("scheduling", "Scheduling"),
    ("billing", "Billing"),
    ("travel", "Travel"),
    ("other_admin", "Other administration"),
)
MODALITIES = (
    ("phone", "Phone"),
    ("video", "Video"),
    ("portal", "Portal"),
    ("text", "Text message"),
    ("chart", "Chart"),
    ("team", "Team"),
    ("in_person", "In person"),
)
IDLE = TimerView(state="idle", seconds=0, as_of=NOW, activity="", modality="", note="")
RUNNING = TimerView(
    state="running",
    seconds=215,
    as_of=NOW - 7,
    activity="medication_review",
    modality="phone",
    note="Reviewed new metformin dose; asks about dizziness in the morning.",
)
SILENT = replace(  # left running overnight
    RUNNING, seconds=73_800, confirm_minutes=14, seen_at=NOW - 72_960, seen_label="23 Nov, 18:04", modality="chart"
)
PAUSED = replace(RUNNING, state="paused", as_of=NOW)


def entry(number: int = 1, **changes: object) -> EntryView:
    """A filed entry of nine minutes, all counted, with `changes` applied; `number` tells entries apart."""
    plain = EntryView(
        id=f"e{number}",
        start="2026-11-19T10:12:00-05:00",
        end="2026-11-19T10:21:00-05:00",
        when_label="19 Nov, 10:12",
        performer="Rita Alvarez, RN",
        activity="patient_contact",
        activity_label="Patient contact",
        modality="phone",
        modality_label="Phone",
        minutes=9,
        counted_seconds=540,
        uncounted_reasons=(),
        note="Feels steadier since the dose was halved. Will bring the log on Thursday.",
        status="filed",
        status_label="Filed",
        status_detail="",
        resources=(f"Encounter/ccm-{number}", f"Observation/ccm-{number}"),
        can_void=True,
        local_date="2026-11-19",
        local_time="10:12",
        revision=1,
        chart_task=False,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


ENTRIES = (
    entry(
        4,
        when_label="23 Nov, 17:20",
        activity_label="Documentation",
        modality_label="Chart",
        minutes=3,
        counted_seconds=180,
        status="waiting",
        status_label="Waiting for the EHR",
        resources=(),
        note="",
        status_detail="The EHR did not answer; the next try is at 14:22.",
    ),
    entry(1),
    entry(
        3,
        when_label="12 Nov, 15:43",
        activity_label="Provider coordination",
        modality_label="Team",
        minutes=2,
        counted_seconds=0,
        uncounted_reasons=("the same minutes as an entry of S. Patel, MD",),
    ),
    entry(
        2,
        when_label="12 Nov, 15:40",
        performer="S. Patel, MD",
        activity_label="Results review",
        modality_label="Chart",
        minutes=5,
        counted_seconds=300,
        can_void=False,
    ),
    entry(
        5,
        when_label="6 Nov, 09:05",
        activity_label="Care plan work",
        modality_label="Chart",
        minutes=7,
        counted_seconds=420,
        status="attention",
        status_label="Needs attention",
        resources=("Encounter/ccm-5",),
        status_detail="Correct Encounter/ccm-5 in the chart: the EHR does not let us amend it.",
        revision=2,
        chart_task=True,
    ),
    entry(
        6,
        when_label="2 Nov, 11:30",
        activity_label="Scheduling",
        minutes=4,
        counted_seconds=0,
        status="void",
        status_label="Void",
        status_detail="Entered on the wrong patient.",
        can_void=False,
    ),
)
CONDITIONS = (
    ConditionView(
        "Diabetes mellitus type 2",
        "E11.9",
        "proposed",
        "Proposed",
        "chronic in the ICD-10-CM indicator",
        attestation=ATTESTATION,
    ),
    ConditionView("Essential hypertension", "I10", "proposed", "Proposed", "chronic in the ICD-10-CM indicator", row=1),
    ConditionView(
        "Chronic kidney disease, stage 3", "SNOMED 433144002", "review", "Needs review", "no ICD-10-CM code", row=2
    ),
    ConditionView("Received higher education (finding)", "SNOMED 224299000", "other", "Finding", "", row=3),
    ConditionView("Full-time employment (finding)", "SNOMED 160903007", "other", "Finding", "", row=4),
)
CARE_PLANS = (
    CarePlanView(
        "cp1",
        "Diabetes self-management",
        "active",
        "since 2 Oct 2026",
        ("HbA1c below 7.5 %", "Blood pressure below 130/80", "Walks 20 minutes on most days"),
        (
            "Diabetic diet",
            "Foot care teaching",
            "Home glucose log",
            "Exercise therapy",
            "Eye examination",
            "Flu vaccine",
        ),
    ),
    CarePlanView("cp2", "Hypertension care", "completed", "Mar 2021 – Sep 2024", (), ()),
)
BLOCKERS = (
    BlockerView(
        "care_plan_copy_missing", "No copy of the care plan was given yet.", "block", "Record copy", "#care-plans"
    ),
    BlockerView("below_threshold", "6 more minutes reach 99490.", "block"),
    BlockerView("inpatient_unknown", "Inpatient days of the month are not confirmed.", "warn", "Confirm", "#entries"),
)


def panel(**changes: object) -> PanelView:
    """An ordinary panel, idle, with one entry in each status; `changes` replace its fields."""
    plain = PanelView(
        launch="L1",
        launch_url="/p/L1/",
        csrf_token="token-1",
        banner=BannerView(
            patient_id="pat-1",
            name="Idalia Kertzmann",
            age=84,
            birth_date="29 Jul 1942",
            mrn="00417",
            deceased=False,
            deceased_on="",
            ehr_name="Lakeside EHR",
            user_name="Rita Alvarez, RN",
            user_role="coordinator",
            show_patient=True,
        ),
        writeback=WritebackView(rung="encounter_observation", label="Encounter + Observation", why="", ok=True),
        month=MonthView(
            month="2026-11",
            label="November 2026",
            days_left=7,
            minutes=14,
            target=20,
            fraction=0.7,
            uncounted_minutes=2,
            stage="Engaged · last contact 5 days ago",
            headline="6 more minutes",
            subline="reach 99490",
        ),
        blockers=BLOCKERS,
        timer=IDLE,
        entries=ENTRIES,
        conditions=CONDITIONS,
        care_plans=CARE_PLANS,
        enrolment={"status": "enrolled"},
        assessment={},
        notices=(),
        activities=tuple((*pair, True) for pair in COUNTED) + tuple((*pair, False) for pair in UNCOUNTED),
        modalities=MODALITIES,
        now=NOW,
        timezone="America/New_York",
        smart_style={},
        programme=PROGRAMME,
        local_date="2026-11-24",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def empty() -> PanelView:
    """A panel of a chart without data, at the month's first day."""
    month = replace(
        panel().month,
        days_left=30,
        minutes=0,
        fraction=0.0,
        uncounted_minutes=0,
        stage="Not yet contacted",
        headline="20 more minutes",
    )
    return panel(month=month, blockers=(), entries=(), conditions=(), care_plans=(), programme=EMPTY_PROGRAMME)


def read_only() -> PanelView:
    """A panel of an EHR that takes no write."""
    return panel(
        writeback=WritebackView(
            rung="ledger_only",
            label="This EHR does not accept time as data.",
            why="Minutes are kept in Cadence’s ledger and count for the claim; nothing is written to the chart.",
            ok=False,
        )
    )


def partial_failure() -> PanelView:
    """A panel of a chart of which a part did not come."""
    return panel(
        notices=(
            "The EHR did not send the care plans in time. The rest of the chart is shown; reload to try again.",
            "2 conditions could not be read and are left out.",
        ),
        care_plans=(),
        unread=("care_plans",),
    )


def deceased() -> PanelView:
    """A panel of a patient who died in the month."""
    return panel(banner=replace(panel().banner, deceased=True, deceased_on="21 Nov 2026"))


def crowded() -> PanelView:
    """A panel past every bound: entries, conditions, plans, goals, and blockers."""
    goals = tuple(f"Goal number {number} of a long list" for number in range(60))
    plans = tuple(replace(CARE_PLANS[0], id=f"cp{number}", goals=goals) for number in range(70))
    findings = tuple(
        ConditionView(f"Finding {number}", f"SNOMED {number}", "other", "Finding", "", row=1000 + number)
        for number in range(4000)
    )
    chronic = tuple(
        ConditionView(f"Chronic problem {number}", f"E{number}", "proposed", "Proposed", "", row=number)
        for number in range(1000)
    )
    return panel(
        timer=RUNNING,
        entries=tuple(entry(number) for number in range(260)),
        conditions=findings + chronic,
        care_plans=plans,
        programme=replace(PROGRAMME, attested=()),
        blockers=tuple(BlockerView(f"b{n}", f"Point {n} is open.", "warn") for n in range(9)),
    )


LONG_NAME = "Wolfeschlegelsteinhausenbergerdorff Maximiliana Konstanze von und zu Hohenlohe-Waldenburg-Schillingsfürst"
ARABIC_NAME = "فاطمة عبد الرحمن الزهراني"


def named(name: str) -> PanelView:
    """A panel of a patient called `name`, whose timer runs while others work on the chart."""
    return panel(
        banner=replace(panel().banner, name=name),
        timer=replace(RUNNING, others=("S. Patel, MD", "ياسمين الحداد"), activity="referral"),
        entries=(entry(7, note=f"{name} called. 😀 مرحبا"), *ENTRIES),
    )


STATES: dict[str, Callable[[], PanelView]] = {
    "idle": panel,
    "running": lambda: panel(timer=RUNNING),
    "paused": lambda: panel(timer=PAUSED),
    "silent": lambda: panel(timer=SILENT),
    "elsewhere": lambda: panel(timer=replace(IDLE, elsewhere=True, others=("S. Patel, MD",))),
    "read-only": read_only,
    "empty": empty,
    "biller": lambda: panel(programme=READ_ONLY_PROGRAMME),
    "partial-failure": partial_failure,
    "deceased": deceased,
    "crowded": crowded,
    "long-name": lambda: named(LONG_NAME),
    "right-to-left": lambda: named(ARABIC_NAME),
    "unframed": lambda: panel(banner=replace(panel().banner, show_patient=False, age=None, birth_date="", mrn="")),
}

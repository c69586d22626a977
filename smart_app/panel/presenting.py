"""Owns how what is known becomes what is shown: chart, ledger, timer and assessment into one `PanelView`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from ccm.assess_json import assessment_object
from ccm.assessment import Assessment
from ccm.chart import CarePlan, Chart, Problem
from ccm.conditions import Proposal, propose_all
from ccm.months import local_day
from ccm.vocabulary import ACTIVITIES, COUNTED_ACTIVITIES, MODALITIES
from smart_app.ehr.ladder import LEDGER_ONLY, RUNG_LABELS
from smart_app.indicator import chronic_indicator
from smart_app.months import AssessedMonth
from smart_app.panel import words
from smart_app.panel.access import OpenPanel
from smart_app.panel.clearing import points
from smart_app.panel.presenting_programme import present_programme
from smart_app.panel.programme_json import enrolment_json
from smart_app.panel.sections import PlanRecordView, StaffView
from smart_app.panel.timing import DEFAULT_ACTIVITY, DEFAULT_MODALITY, Moment, unconfirmed_minutes
from smart_app.panel.view import (
    BannerView,
    CarePlanView,
    ConditionView,
    EntryView,
    MonthView,
    PanelView,
    TimerView,
    WritebackView,
)
from smart_app.roles import ROLES
from smart_app.store.ledger import LedgerEntry
from smart_app.store.timers import Timer

_SECTIONS = {"conditions": "Conditions", "care_plans": "Care plans"}
_RING_TARGET = 20  # the first threshold of the staff track, where the assessment names no next unit


@dataclass(frozen=True, slots=True)
class TimerState:
    """The person's timer here, the names of others whose timer runs here, and whether theirs runs elsewhere."""

    timer: Timer | None
    others: tuple[str, ...]
    elsewhere: bool


@dataclass(frozen=True, slots=True)
class Known:
    """All that one panel page is made of."""

    panel: OpenPanel
    chart: Chart
    month: AssessedMonth
    timer: TimerState

    @property
    def assessment(self) -> Assessment:
        """What the month earns and lacks."""
        return self.month.assessment

    @property
    def entries(self) -> Sequence[LedgerEntry]:
        """The month's rows of the ledger."""
        return self.month.rows


def present(known: Known) -> PanelView:
    """The panel's page."""
    panel, assessment = known.panel, known.assessment
    today = local_day(panel.now, panel.zone)
    conditions, programme = present_programme(panel, known.chart, known.month, _conditions(known.chart.problems))
    return PanelView(
        launch=panel.launch.id,
        launch_url=f"/p/{panel.launch.id}/",
        csrf_token=panel.csrf_token,
        banner=_banner(panel, known.chart, today),
        writeback=_writeback(panel),
        month=_month(known, today, programme.enrolment.status_label),
        blockers=points(assessment, programme.facts, panel.launch.role),
        timer=_timer(known.timer, panel.moment, panel.zone),
        entries=tuple(_entries(known)),
        conditions=conditions,
        care_plans=_care_plans(known.chart.care_plans, programme.plan),
        enrolment=enrolment_json(programme.enrolment),
        assessment=assessment_object(assessment),
        notices=_notices(known, programme.staff),
        activities=tuple((code, label, code in COUNTED_ACTIVITIES) for code, label in ACTIVITIES.items()),
        modalities=tuple(MODALITIES.items()),
        now=panel.now,
        timezone=panel.practice.timezone,
        smart_style={},
        programme=programme,
        local_date=today.isoformat(),
        unread=tuple(name for name, part in _SECTIONS.items() if part in known.chart.unread),
    )


def _banner(panel: OpenPanel, chart: Chart, today: date) -> BannerView:
    patient, launch = chart.patient, panel.launch
    return BannerView(
        patient_id=launch.patient_id,
        name=patient.name,
        age=None if patient.deceased else words.age_on(patient.birth_date, today),
        birth_date=words.day_words(patient.birth_date),
        mrn=patient.mrn,
        deceased=patient.deceased,
        deceased_on=words.day_words(patient.deceased_on),
        ehr_name=panel.registration.name,
        user_name=launch.user_name or "Name not given by the EHR",
        user_role=ROLES[launch.role],
        show_patient=launch.show_patient,
    )


def _writeback(panel: OpenPanel) -> WritebackView:
    rung = panel.launch.rung
    if rung == LEDGER_ONLY:
        return WritebackView(rung, "Time is kept in Cadence only, not in the chart", panel.launch.rung_why, ok=False)
    return WritebackView(rung, RUNG_LABELS[rung], panel.launch.rung_why, ok=True)


def _month(known: Known, today: date, status: str) -> MonthView:
    assessment, month = known.assessment, known.month.month
    minutes = assessment.counted_seconds // 60
    upcoming = assessment.next
    target = minutes + upcoming.minutes_needed if upcoming else max(minutes, _RING_TARGET)
    uncounted = sum(row.entry.seconds for row in known.entries if not row.entry.voided) - assessment.counted_seconds
    return MonthView(
        month=str(month.month),
        label=f"{month.first_day:%B %Y}",
        days_left=max(0, (month.last_day - today).days),
        minutes=minutes,
        target=target,
        fraction=min(1.0, minutes / target) if target else 0.0,
        uncounted_minutes=max(0, uncounted) // 60,
        stage=_stage(known, status),
        headline=_headline(known),
        subline=f"reach {upcoming.code}" if upcoming else "",
    )


def _headline(known: Known) -> str:
    upcoming = known.assessment.next
    if upcoming:
        return f"{words.minutes_words(upcoming.minutes_needed)} more"
    return "All units reached" if known.assessment.tracks else "Minutes counted"


def _stage(known: Known, status: str) -> str:
    if known.assessment.ready:
        return f"{status} · ready"
    return f"{status} · {'begun' if known.entries else 'not begun'}"


def _timer(state: TimerState, at: Moment, zone: ZoneInfo) -> TimerView:
    timer, now = state.timer, at.now
    if timer is None:
        return TimerView("idle", 0, now, DEFAULT_ACTIVITY, DEFAULT_MODALITY, "", state.others, state.elsewhere)
    return TimerView(
        state="paused" if timer.running_since is None else "running",
        seconds=timer.seconds(now),
        as_of=now,
        activity=timer.activity,
        modality=timer.modality,
        note=timer.note,
        others=state.others,
        elsewhere=state.elsewhere,
        confirm_minutes=unconfirmed_minutes(timer, at),
        seen_at=timer.seen_at,
        seen_label=_seen(timer, at, zone),
    )


def _seen(timer: Timer, at: Moment, zone: ZoneInfo) -> str:
    """Since when the timer has been silent, "17:05" today and "23 Nov, 17:05" before; '' where nothing is in doubt."""
    since = timer.silent_since(at.now, at.silence)
    if since is None:
        return ""
    seen, now = datetime.fromtimestamp(since, zone), datetime.fromtimestamp(at.now, zone)
    return f"{seen:%H:%M}" if seen.date() == now.date() else f"{seen.day} {seen:%b}, {seen:%H:%M}"


def _entries(known: Known) -> list[EntryView]:
    excluded: dict[str, dict[str, int]] = defaultdict(dict)
    for row in known.assessment.excluded:
        excluded[row.entry][row.reason] = row.seconds
    newest_first = sorted(known.entries, key=lambda row: (row.entry.start, row.entry.id), reverse=True)
    return [_entry(row, excluded[row.entry.id], known.panel.zone) for row in newest_first]


def _entry(row: LedgerEntry, excluded: dict[str, int], zone: ZoneInfo) -> EntryView:
    entry = row.entry
    status, label = ("void", "Void") if entry.voided else words.STATUS[row.state]
    began = datetime.fromtimestamp(entry.start, zone)
    return EntryView(
        id=entry.id,
        start=words.iso_local(entry.start, zone),
        end=words.iso_local(entry.end, zone),
        when_label=words.when(entry.start, entry.end, zone),
        performer=entry.performer_name or entry.performer,
        activity=entry.activity,
        activity_label=ACTIVITIES[entry.activity],
        modality=entry.modality,
        modality_label=MODALITIES[entry.modality],
        minutes=entry.seconds // 60,
        counted_seconds=entry.seconds - sum(excluded.values()),
        uncounted_reasons=tuple(words.EXCLUSIONS[reason] for reason in excluded),
        note=entry.note,
        status=status,
        status_label=label,
        status_detail=row.detail,
        resources=row.resources,
        can_void=not entry.voided,
        local_date=began.date().isoformat(),
        local_time=f"{began:%H:%M}",
        revision=row.revision,
        chart_task=row.state == "attention" and bool(row.resources),
    )


def _conditions(problems: Sequence[Problem]) -> tuple[ConditionView, ...]:
    proposals = propose_all(problems, chronic_indicator())
    views = [_condition(problem, proposal) for problem, proposal in zip(problems, proposals, strict=True)]
    return tuple(sorted(views, key=lambda view: list(words.PROPOSALS).index(view.state)))


def _condition(problem: Problem, proposal: Proposal) -> ConditionView:
    snomed = problem.snomed()
    code = proposal.icd10 or (f"SNOMED {snomed}" if snomed else "no code")
    since = f"since {words.day_words(problem.onset)}" if problem.onset else ""
    where = "" if problem.on_problem_list else "from a visit, not on the problem list"
    missing = "" if proposal.icd10 else "ICD-10-CM code missing"
    detail = " · ".join(filter(None, (since, where, missing, proposal.reason)))
    return ConditionView(
        text=problem.text,
        code_label=code,
        state=proposal.state,
        state_label=words.PROPOSALS[proposal.state],
        detail=detail,
        icd10=proposal.icd10,
        suggested_icd10=proposal.suggested_icd10,
    )


def _care_plans(plans: Sequence[CarePlan], record: PlanRecordView) -> tuple[CarePlanView, ...]:
    """The CCM plan first, then the newest."""
    newest_first = sorted(plans, key=lambda plan: plan.period_start or plan.last_updated, reverse=True)
    views = (_care_plan(plan, record) for plan in newest_first)
    return tuple(sorted(views, key=lambda view: not view.ccm))


def _care_plan(plan: CarePlan, record: PlanRecordView) -> CarePlanView:
    period = words.period_words(plan.period_start, plan.period_end)
    its_own = record.plan_id != "" and plan.id == record.plan_id
    ccm = ("confirmed" if record.confirmed else "proposed") if its_own else ""
    return CarePlanView(plan.id, plan.title, plan.status, period, plan.goals, plan.activities, ccm)


def _notices(known: Known, staff: StaffView) -> tuple[str, ...]:
    chart = known.chart
    notices = [f"{gap.part}: {gap.reason}" for gap in chart.gaps]
    notices += [
        f"{name} is not in the staff register: their minutes count for nothing. Ask an administrator to add them."
        for name in staff.unregistered
    ]
    if chart.patient.replaced_by:
        notices.insert(0, "This record was merged into another one: open that patient's chart instead.")
    return tuple(notices)

"""Owns how a patient's programme becomes its sections on the panel, and what their forms begin with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from ccm.attestations import WHO_MAY as MAY_ATTEST
from ccm.care_plans import COPY_FORMS, RECIPIENTS
from ccm.chart import Chart
from ccm.enrolment import CONSENT_METHODS, VISIT_KINDS, VISIT_NEEDS
from ccm.facts import STAY_KINDS, visits_from_chart
from ccm.months import local_day
from ccm.record_guards import CARE_ROLES
from ccm.staff import StaffRow, standing_on
from smart_app.months import AssessedMonth
from smart_app.panel import words
from smart_app.panel.access import OpenPanel
from smart_app.panel.enrolling import SCRIPT_VERSION, consent_script, enrolment_view
from smart_app.panel.month_facts import LEVELS, question_views, staff_view
from smart_app.panel.planning import attestation_views, plan_record_view, with_attestations
from smart_app.panel.sections import EnrolmentView, Pair, ProgrammeForms, ProgrammeView
from smart_app.panel.view import ConditionView
from smart_app.programme.from_chart import proposals_of
from smart_app.programme.recording import actor_of

_A_YEAR = timedelta(days=366)
_MOST_VISITS = 6


def present_programme(
    panel: OpenPanel, chart: Chart, month: AssessedMonth, conditions: Sequence[ConditionView]
) -> tuple[tuple[ConditionView, ...], ProgrammeView]:
    """The chart's conditions with what was attested of them, and all other sections of the programme."""
    programme, zone, actor = month.programme, panel.zone, actor_of(panel.launch)
    today = local_day(panel.now, zone)
    enrolment = enrolment_view(programme.enrolment, actor.role, today, zone)
    attested = attestation_views(programme.attestations, today, actor)
    rows, left = with_attestations(conditions, attested)
    chronic = [condition.text for condition in rows if condition.state == "proposed" or condition.attestation]
    view = ProgrammeView(
        enrolment=enrolment,
        plan=plan_record_view(
            programme.care_plan, chart.care_plans, today, chronic, unread="Care plans" in chart.unread
        ),
        facts=question_views(programme.facts, month.month.month, proposals_of(chart.encounters, zone), actor, zone),
        staff=staff_view(month.register, actor, [row.entry for row in month.rows], panel.now, zone),
        attested=left,
        forms=_forms(panel, chart, month, enrolment),
    )
    return rows, view


def _forms(panel: OpenPanel, chart: Chart, month: AssessedMonth, enrolment: EnrolmentView) -> ProgrammeForms:
    zone, actor = panel.zone, actor_of(panel.launch)
    today = local_day(panel.now, zone)
    on_duty = [row for row in month.register if row.holds_on(today)]
    biller = enrolment.billing_practitioner
    return ProgrammeForms(
        month=str(month.month.month),
        today=today.isoformat(),
        now_local=f"{datetime.fromtimestamp(panel.now, zone):%Y-%m-%dT%H:%M}",
        practice=panel.practice.name,
        user=(actor.ref, actor.name),
        role=actor.role,
        script=consent_script(panel.practice.name, biller.name if biller else ""),
        script_version=SCRIPT_VERSION,
        people=_people(on_duty, (actor.ref, actor.name)),
        practitioners=_practitioners(on_duty, today),
        visits=_visits(panel, chart, today),
        methods=tuple(CONSENT_METHODS.items()),
        visit_kinds=tuple(VISIT_KINDS.items()),
        visit_needs=tuple((code, label) for code, (_, label) in VISIT_NEEDS.items()),
        copy_forms=tuple(COPY_FORMS.items()),
        recipients=tuple(RECIPIENTS.items()),
        stay_kinds=tuple(STAY_KINDS.items()),
        levels=tuple(LEVELS.items()),
        may_attest=actor.role in MAY_ATTEST,
        may_care=actor.role in CARE_ROLES,
    )


def _people(on_duty: Sequence[StaffRow], user: Pair) -> tuple[Pair, ...]:
    """Those of the staff who do clinical work, the signed-in person first."""
    clinical = [(row.performer, row.name) for row in on_duty if _works_with_patients(on_duty, row)]
    return tuple(dict([user, *clinical]).items())


def _works_with_patients(on_duty: Sequence[StaffRow], row: StaffRow) -> bool:
    return standing_on(on_duty, row.performer, row.effective_from).performer_class in ("staff", "practitioner")


def _practitioners(on_duty: Sequence[StaffRow], today: date) -> tuple[Pair, ...]:
    return tuple(
        (row.performer, row.name)
        for row in on_duty
        if standing_on(on_duty, row.performer, today).performer_class == "practitioner"
    )


def _visits(panel: OpenPanel, chart: Chart, today: date) -> tuple[tuple[str, str, str], ...]:
    """The chart's visits of the past year, newest first: one of them may be the initiating visit."""
    found = [(each.first_day, each.key) for each in visits_from_chart(chart.encounters, panel.zone) if each.first_day]
    recent = sorted(((day, key) for day, key in found if today - _A_YEAR <= day <= today), reverse=True)
    return tuple((key, day.isoformat(), words.day_words(day.isoformat())) for day, key in recent[:_MOST_VISITS])

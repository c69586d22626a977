"""Owns the panel's one look into the store: chart, ledger and timer of a launch, assessed and ready to show."""

from __future__ import annotations

from dataclasses import replace

from ccm.chart import Chart, ChartPatient, Gap
from ccm.months import month_of
from smart_app.months import assessed_month
from smart_app.panel.access import OpenPanel
from smart_app.panel.presenting import Known, TimerState, present
from smart_app.panel.view import PanelView
from smart_app.store.launches import load_chart
from smart_app.store.outbox import delivery_notices
from smart_app.store.timers import find_timer, others_running, running_elsewhere


def read_panel(panel: OpenPanel) -> PanelView:
    """The panel as it stands now, in the practice's present month."""
    launch = panel.launch
    with panel.services.store.reading() as session:
        chart = load_chart(session, launch.id) or _forgotten(launch.patient_id)
        month = assessed_month(session, panel.practice, launch.patient_id, month_of(panel.now, panel.zone))
        timer = TimerState(
            timer=find_timer(session, launch),
            others=others_running(session, launch),
            elsewhere=running_elsewhere(session, launch) is not None,
        )
        notices = delivery_notices(session, launch, panel.now)
    view = present(Known(panel, chart, month, timer))
    return replace(view, notices=(*notices, *view.notices))


def _forgotten(patient_id: str) -> Chart:
    gap = Gap("Chart", "is no longer held here: open Cadence again from the EHR")
    return Chart(ChartPatient(patient_id, "Name not at hand"), gaps=(gap,))

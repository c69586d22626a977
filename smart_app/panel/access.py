"""Owns who may use a panel: the browser that holds the launch's cookie, while the launch lives, and nobody else."""

from __future__ import annotations

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from flask import request

from smart_app.cookies import LAUNCH_COOKIE
from smart_app.headers import allow_framing
from smart_app.panel.csrf import check_csrf, csrf_token
from smart_app.panel.forms import sent
from smart_app.panel.timing import Moment
from smart_app.problems import Problem, not_open
from smart_app.registrations import Practice, Registration
from smart_app.services import Services
from smart_app.store.launches import Launch, end_launch, find_launch, touch_launch
from smart_app.store.registrations import get_practice, get_registration

_TOUCH_SECONDS = 30


@dataclass(frozen=True, slots=True)
class OpenPanel:
    """An opened chart and all that its requests need."""

    services: Services
    launch: Launch
    registration: Registration
    practice: Practice
    csrf_token: str = field(repr=False)
    now: int

    @property
    def moment(self) -> Moment:
        """Now, as the timer's rules see it."""
        return Moment(self.now, self.services.settings.timer_confirm_minutes * 60)

    @property
    def zone(self) -> ZoneInfo:
        """The practice's time zone, in which months begin and end."""
        return ZoneInfo(self.practice.timezone)


def open_panel(services: Services, launch_id: str) -> OpenPanel:
    """The panel of this launch. Raises `Problem` 404 for every browser but its own, 401 once it has ended."""
    now = services.clock()
    cookie = request.cookies.get(LAUNCH_COOKIE, "")
    with services.store.reading() as session:
        launch = find_launch(session, launch_id, cookie)
        if launch is None:
            raise not_open()
        practice = get_practice(session, launch.practice_id)
        registration = get_registration(session, practice.registration_id)
    allow_framing(registration.frame_ancestors)
    _refuse_ended(services, launch, registration, now)
    if now - launch.last_seen_at >= _TOUCH_SECONDS and not request.headers.get("X-Cadence-Refresh"):
        with services.store.writing() as session:
            touch_launch(session, launch.id, now)
    token = csrf_token(services.keyring.cookie_secret, launch.id, cookie)
    return OpenPanel(services, launch, registration, practice, token, now)


def open_for_change(services: Services, launch_id: str) -> OpenPanel:
    """The same for a request that changes something: it must come from our page, and name this launch's patient.

    Raises `Problem` 403 without the CSRF token, 409 if the form is another patient's.
    """
    panel = open_panel(services, launch_id)
    check_csrf(panel.csrf_token)
    patient = sent().get("patient")
    if patient is not None and patient != panel.launch.patient_id:
        raise Problem(
            409,
            "This form belongs to another patient's chart",
            "Check whose chart is open, reload the panel and enter it again.",
            lost="Nothing was saved.",
        )
    return panel


def _refuse_ended(services: Services, launch: Launch, registration: Registration, now: int) -> None:
    idle = now - launch.last_seen_at > services.settings.session_idle_minutes * 60
    if launch.ended_at is None and not idle and now < launch.expires_at and not registration.disabled:
        return
    if launch.ended_at is None:
        with services.store.writing() as session:
            end_launch(session, launch.id, now)
    raise Problem(
        401,
        "This session has ended",
        "Open the patient's chart in the EHR and start Cadence again.",
        lost="Nothing was lost: saved minutes are kept, and a timer that was running goes on.",
    )

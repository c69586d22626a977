"""Owns the launch: from the EHR's call to an opened chart, in two EHR round trips after the callback.

`begin` sends the browser to the EHR's authorization server; `complete` exchanges the code, then reads keys and chart
in one parallel round, verifies who signed in, and opens the launch (SMART App Launch 2.2).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from smart_app.ehr.chart_reading import ChartReading, ChartRequest, read_chart
from smart_app.ehr.client import FhirClient
from smart_app.ehr.granted import Granted
from smart_app.ehr.ladder import Rung, choose_rung
from smart_app.importing.considering import consider
from smart_app.launch.assertion import signing_key
from smart_app.launch.discovery import SmartConfiguration
from smart_app.launch.failures import LaunchFailure, explained
from smart_app.launch.foresight import likely_fhir_user
from smart_app.launch.grant import (
    TokenEndpoint,
    authorization_request,
    check_issuer,
    expected_issuer,
)
from smart_app.launch.identity import Identity, verify_id_token
from smart_app.launch.scopes import asked
from smart_app.launch.tokens import TokenResponse
from smart_app.programme.from_chart import record_stays
from smart_app.registrations import Registration
from smart_app.services import Services
from smart_app.store.adoption import ChartOf, adopt_entries, adopt_months
from smart_app.store.ehr_state import ceiling_of
from smart_app.store.engine import UnitOfWork
from smart_app.store.launches import (
    Authorization,
    NewLaunch,
    Tokens,
    get_launch,
    open_launch,
    remember_authorization,
    save_chart,
    save_tokens,
    take_authorization,
)
from smart_app.store.outbox import adopt_waiting
from smart_app.store.patients import keep_patient
from smart_app.store.registrations import (
    find_registration,
    first_practice,
    get_registration,
    keep_user,
    role_of,
)

AUTHORIZATION_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Callback:
    """What the browser brought back; empty where the EHR sent nothing. `issuer` is RFC 9207's, None if absent."""

    state: str = field(repr=False)
    code: str = field(repr=False)
    error: str
    issuer: str | None


@dataclass(frozen=True, slots=True)
class Opened:
    """An opened launch and the secret for its cookie."""

    launch_id: str
    cookie: str = field(repr=False)
    registration: Registration


@dataclass(frozen=True, slots=True)
class _SignIn:
    """What one callback has gathered once the EHR gave its tokens."""

    registration: Registration
    configuration: SmartConfiguration
    token: TokenResponse
    granted: Granted


def trusted_registration(services: Services, issuer: str) -> Registration:
    """The enabled registration of exactly this `iss`. Raises `LaunchFailure` 400 without asking anybody."""
    with services.store.reading() as session:
        registration = find_registration(session, issuer=issuer.removesuffix("/"))
    if registration is None or registration.disabled:
        raise LaunchFailure.unknown_ehr()
    return registration


def begin(services: Services, registration: Registration, *, launch: str | None, patient: str, browser: str) -> str:
    """The URL of the EHR's authorization server to send the browser to.

    `launch` is the EHR's parameter, None in a standalone launch, where `patient` may say who is wanted. Raises
    `LaunchFailure`.
    """
    with explained():
        configuration = services.discovery.get(registration.issuer)
        scope = asked(configuration, write_back=registration.write_back, ehr_launch=launch is not None)
        request = authorization_request(
            registration, configuration, services.settings.redirect_uri, scope=scope, launch=launch
        )
    authorization = Authorization(
        registration_id=registration.id,
        nonce=request.nonce,
        code_verifier=request.code_verifier,
        scope=scope,
        patient=patient,
    )
    with services.store.writing() as session:
        remember_authorization(
            session,
            authorization,
            state=request.state,
            browser=browser,
            now=services.clock(),
            lifetime=AUTHORIZATION_SECONDS,
        )
    return request.url


def recall(services: Services, callback: Callback, browser: str) -> tuple[Authorization, Registration]:
    """The authorization that this callback answers, which is thereby used up. Raises `LaunchFailure`."""
    with services.store.writing() as session:
        authorization = take_authorization(session, state=callback.state, browser=browser, now=services.clock())
    if authorization is None:
        raise LaunchFailure.unknown_state()
    with services.store.reading() as session:
        registration = get_registration(session, authorization.registration_id)
    if registration.disabled:
        raise LaunchFailure.unknown_ehr()
    return authorization, registration


def complete(
    services: Services, authorization: Authorization, registration: Registration, callback: Callback, browser: str
) -> Opened:
    """Opens the launch that the callback answers. Raises `LaunchFailure`."""
    with explained():
        configuration = services.discovery.get(registration.issuer)
        check_issuer(callback.issuer, configuration, registration)
        if callback.error or not callback.code:
            raise LaunchFailure.refused(callback.error)
        sign_in = _exchange(services, registration, configuration, authorization, callback.code)
        if not sign_in.token.patient:
            raise LaunchFailure.no_patient()
        if authorization.patient and authorization.patient != sign_in.token.patient:
            raise LaunchFailure.other_patient()
        reading = _read(services, sign_in)
        identity = verify_id_token(
            sign_in.token.id_token,
            keys=services.jwks.reader(configuration.jwks_uri),
            issuer=expected_issuer(registration, configuration),
            fhir_base=registration.issuer,
            client_id=registration.client_id,
            nonce=authorization.nonce,
            now=services.clock(),
        )
    return _open(services, sign_in, reading, identity, browser)


def _exchange(
    services: Services,
    registration: Registration,
    configuration: SmartConfiguration,
    authorization: Authorization,
    code: str,
) -> _SignIn:
    endpoint = TokenEndpoint(
        registration,
        configuration,
        services.transport,
        signing_key(services.keyring.signing, registration.signing_algorithm),
        services.clock(),
    )
    token = endpoint.exchange(
        code=code,
        code_verifier=authorization.code_verifier,
        redirect_uri=services.settings.redirect_uri,
        scope=authorization.scope,
    )
    return _SignIn(registration, configuration, token, Granted(token.scope))


def _read(services: Services, sign_in: _SignIn) -> ChartReading:
    token = sign_in.token
    request = ChartRequest(
        patient_id=token.patient,
        encounter_id=token.encounter,
        user=likely_fhir_user(token.id_token),
        granted=sign_in.granted,
        since=_a_year_and_a_month_before(services.clock()),
        deadline=services.settings.ehr_deadline_seconds,
    )
    client = FhirClient(sign_in.registration.issuer, services.transport, token.access_token)
    return read_chart(
        client,
        request,
        alongside=[
            lambda: services.jwks.keys(sign_in.configuration.jwks_uri),
            lambda: services.capabilities.get(sign_in.registration.issuer),
        ],
    )


def _rung(session: UnitOfWork, services: Services, sign_in: _SignIn, now: int) -> Rung:
    """Where time will be filed: the highest rung, and none that the EHR has refused in fact of late."""
    registration = sign_in.registration
    ceiling = ceiling_of(session, registration.id, now)
    rung = choose_rung(
        services.capabilities.known(registration.issuer),  # asked for beside the chart: not a second time in a row
        sign_in.granted,
        policy=registration.write_back,
        launch_encounter=bool(sign_in.token.encounter),
        at_most=ceiling.rung if ceiling else "",
    )
    return Rung(rung.code, ceiling.why) if ceiling and rung.code == ceiling.rung else rung


def _a_year_and_a_month_before(now: int) -> str:
    """The first day of the visits that matter: an initiating visit may lie a year before the enrolment."""
    return (datetime.fromtimestamp(now, UTC).date() - timedelta(days=396)).isoformat()


def _open(services: Services, sign_in: _SignIn, reading: ChartReading, identity: Identity, browser: str) -> Opened:
    registration, token, now = sign_in.registration, sign_in.token, services.clock()
    person = identity.fhir_user or identity.subject
    name = (reading.user_name if person == likely_fhir_user(token.id_token) else "") or identity.name
    with services.store.writing() as session:
        rung = _rung(session, services, sign_in, now)
        new = NewLaunch(
            practice_id=first_practice(session, registration.id).id,
            user_id=keep_user(session, registration.id, person, name, now),
            patient_id=token.patient,
            encounter_id=token.encounter,
            role=role_of(session, registration, person),
            browser=browser,
            scope=token.scope,
            rung=rung.code,
            rung_why=rung.why,
            show_patient=token.need_patient_banner,
            style_url=token.smart_style_url,
        )
        launch_id, cookie = open_launch(session, new, now=now, lifetime=services.settings.session_hours * 3600)
        save_tokens(session, launch_id, Tokens(token.access_token, token.refresh_token, token.expires_at))
        save_chart(session, launch_id, reading.chart, now)
        keep_patient(session, new.practice_id, reading.chart.patient, now)
        consider(session, new.practice_id, reading.chart, now)
        adopt_waiting(session, get_launch(session, launch_id), now)
        its_own = [each for each in reading.entries if each.patient_id == token.patient]
        chart = ChartOf(new.practice_id, registration.id)
        adopt_entries(session, chart, its_own, now)
        adopt_months(session, chart, token.patient, reading.chart.filed, now)
        launch = get_launch(session, launch_id)
    record_stays(services.store, launch, reading.chart.encounters, now)
    return Opened(launch_id, cookie, registration)

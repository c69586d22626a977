"""Authorizations, launches and tokens in the store: who may take what, and once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from cryptography.fernet import Fernet

from ccm.chart import Chart, ChartPatient, Gap
from smart_app.registrations import Registration
from smart_app.store.engine import Store
from smart_app.store.launches import (
    Authorization,
    NewLaunch,
    Tokens,
    begin_refresh,
    end_launch,
    find_launch,
    forget_refresh_token,
    get_launch,
    load_chart,
    load_tokens,
    open_launch,
    remember_authorization,
    save_chart,
    save_tokens,
    take_authorization,
)
from smart_app.store.registrations import add_registration, first_practice, keep_user
from smart_app.store.vault import Vault

NOW = 1_795_532_400
REGISTRATION = Registration(id="ehr", issuer="https://ehr.example/fhir", name="EHR", client_id="abc")
AUTHORIZATION = Authorization("ehr", nonce="nonce", code_verifier="verifier", scope="launch openid")


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    """A store with one registration."""
    made = Store(sqlite_url, Vault((Fernet.generate_key().decode(),)))
    with made.writing() as session:
        add_registration(session, REGISTRATION, practice="Practice", timezone="America/New_York", now=NOW)
    yield made
    made.close()


def remember(store: Store, state: str = "state", browser: str = "browser") -> None:
    """Keeps an authorization for ten minutes."""
    with store.writing() as session:
        remember_authorization(session, AUTHORIZATION, state=state, browser=browser, now=NOW, lifetime=600)


def take(store: Store, *, state: str = "state", browser: str = "browser", now: int = NOW) -> Authorization | None:
    """Takes an authorization."""
    with store.writing() as session:
        return take_authorization(session, state=state, browser=browser, now=now)


def test_an_authorization_is_taken_once_and_comes_back_whole(store: Store) -> None:
    remember(store)
    assert take(store) == AUTHORIZATION
    assert take(store) is None


def test_an_authorization_is_for_its_state_its_browser_and_its_time(store: Store) -> None:
    remember(store)
    assert take(store, state="other") is None
    assert take(store, browser="other") is None
    assert take(store, now=NOW + 601) is None
    assert take(store, now=NOW + 600) == AUTHORIZATION


def test_a_launch_is_found_by_its_browser_alone(store: Store) -> None:
    launch_id, cookie = launch(store)
    with store.reading() as session:
        found = find_launch(session, launch_id, cookie)
        assert found is not None
        assert (found.patient_id, found.user_reference, found.timezone) == ("p1", "Practitioner/1", "America/New_York")
        assert find_launch(session, launch_id, "guess") is None
        assert find_launch(session, "guess", cookie) is None


def test_another_person_in_the_same_browser_ends_the_first_one_s_launches(store: Store) -> None:
    first, _ = launch(store)
    same_person, _ = launch(store)
    elsewhere, _ = launch(store, browser="elsewhere")
    launch(store, person="Practitioner/2")
    with store.reading() as session:
        ended = {each: get_launch(session, each).ended_at for each in (first, same_person, elsewhere)}
    assert ended == {first: NOW, same_person: NOW, elsewhere: None}


def test_tokens_come_back_as_they_were_kept(store: Store) -> None:
    launch_id, _ = launch(store)
    for tokens in (Tokens("access", "refresh", NOW + 300), Tokens("next", "", NOW + 900, version=1)):
        with store.writing() as session:
            save_tokens(session, launch_id, tokens)
        with store.reading() as session:
            assert load_tokens(session, launch_id) == tokens


def test_one_worker_at_a_time_may_refresh_and_only_the_newest_tokens(store: Store) -> None:
    launch_id, _ = launch(store)
    tokens = Tokens("access", "refresh", NOW)
    with store.writing() as session:
        save_tokens(session, launch_id, tokens)
        assert begin_refresh(session, launch_id, 0, now=NOW, lease=30)
        assert not begin_refresh(session, launch_id, 0, now=NOW + 29, lease=30)
        assert begin_refresh(session, launch_id, 0, now=NOW + 30, lease=30)
        save_tokens(session, launch_id, replace(tokens, version=1))
        assert not begin_refresh(session, launch_id, 0, now=NOW + 100, lease=30)


def test_a_refused_refresh_token_is_forgotten(store: Store) -> None:
    launch_id, _ = launch(store)
    with store.writing() as session:
        save_tokens(session, launch_id, Tokens("access", "refresh", NOW))
        forget_refresh_token(session, launch_id)
    with store.reading() as session:
        kept = load_tokens(session, launch_id)
    assert kept is not None
    assert (kept.access, kept.refresh) == ("access", "")


def test_a_chart_is_kept_until_its_launch_ends(store: Store) -> None:
    launch_id, _ = launch(store)
    chart = Chart(ChartPatient("p1", "Name"), gaps=(Gap("Conditions", "could not be read"),), unread=("Conditions",))
    with store.writing() as session:
        save_chart(session, launch_id, chart, NOW)
    with store.writing() as session:
        assert load_chart(session, launch_id) == chart
        end_launch(session, launch_id, NOW)
    with store.reading() as session:
        assert load_chart(session, launch_id) is None


def test_nothing_of_a_secret_is_in_its_record_s_words() -> None:
    shown = f"{AUTHORIZATION!r} {Tokens('access-1', 'refresh-1', NOW)!r}"
    assert not [each for each in ("verifier'", "nonce'", "access-1", "refresh-1") if each in shown]


def launch(store: Store, *, person: str = "Practitioner/1", browser: str = "browser") -> tuple[str, str]:
    """Opens a launch; its id and cookie."""
    with store.writing() as session:
        new = NewLaunch(
            practice_id=first_practice(session, "ehr").id,
            user_id=keep_user(session, "ehr", person, person, NOW),
            patient_id="p1",
            encounter_id="",
            role="clinician",
            browser=browser,
            scope="launch",
            rung="note",
            rung_why="",
            show_patient=True,
            style_url="",
        )
        return open_launch(session, new, now=NOW, lifetime=3600)

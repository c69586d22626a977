"""Opening a chart: from the EHR's launch to the patient's panel."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable
from typing import Any

import pytest
import requests

from sandbox_ehr.config import PATIENTS, SandboxConfig
from sandbox_ehr.fhir.loading import load_path
from sandbox_ehr.fhir.store import Store
from tests.integration.browser import Browser
from tests.integration.clinic import Clinic
from tests.integration.conftest import OpenClinic

PATIENT = "albarracin-marisol"


def own_patients() -> list[str]:
    """The ids of the sandbox's own patients."""
    store = Store()
    load_path(store, PATIENTS)
    return sorted(str(patient["id"]) for patient in store.all("Patient"))


@pytest.mark.parametrize("patient", own_patients())
def test_the_panel_opens_for_each_patient_of_the_sandbox(shared_clinic: Clinic, browser: Browser, patient: str) -> None:
    view = browser.open(shared_clinic, patient).view()
    assert view["patient"]["id"] == patient
    assert view["patient"]["name"] not in ("", "Name not at hand")
    assert view["writeback"]["rung"] == "encounter_observation"
    assert view["month"] == "2026-11"


def test_the_panel_shows_what_the_chart_holds(shared_clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(shared_clinic, PATIENT)
    view, page = panel.view(), panel.page()
    assert [condition["code_label"] for condition in view["conditions"]] == ["E11.9", "I10"]
    assert [plan["title"] for plan in view["care_plans"]] == ["Chronic care management plan"]
    assert (view["patient"]["name"], view["patient"]["mrn"]) == ("Marisol Albarracin", "LK-10001")
    assert (view["patient"]["user_name"], view["patient"]["user_role"]) == ("Imani Okwuosa, RN", "Care coordinator")
    for words in ("Marisol Albarracin", "Essential (primary) hypertension", "Chronic care management plan"):
        assert words in page
    assert (view["notices"], view["entries"]) == ([], [])


def test_the_panel_names_who_signed_in_and_their_role(shared_clinic: Clinic, browser: Browser) -> None:
    banner = browser.open(shared_clinic, PATIENT, user="physician").view()["patient"]
    assert (banner["user_name"], banner["user_role"]) == ("Henrik Solvang, MD", "Billing practitioner")


def test_a_person_without_a_role_of_their_own_has_the_default_one(shared_clinic: Clinic, browser: Browser) -> None:
    assert browser.open(shared_clinic, PATIENT, user="lead").view()["patient"]["user_role"] == "Clinical staff"


def test_the_frame_that_names_the_patient_already_is_believed(shared_clinic: Clinic, browser: Browser) -> None:
    assert browser.open(shared_clinic, PATIENT, banner="0").view()["patient"]["show_patient"] is False


def standalone(clinic: Clinic, browser: Browser, *, wanted: str, **answer: str) -> requests.Response:
    """What comes of a standalone launch for `wanted`, when the person answers the EHR's page with `answer`."""
    page = browser.get(f"{clinic.address}/login", params={"iss": clinic.ehr.fhir_base, "patient": wanted})
    assert page.url.startswith(f"{clinic.ehr.base_url}/auth/authorize"), page.url
    return browser.request("POST", page.url, data=answer)


def test_a_standalone_launch_opens_the_patient_that_was_asked_for(shared_clinic: Clinic, browser: Browser) -> None:
    page = standalone(shared_clinic, browser, wanted=PATIENT, patient=PATIENT, decision="allow")
    assert page.status_code == 200
    assert "Marisol Albarracin" in page.text


def test_a_standalone_launch_refuses_another_patient_than_the_one_asked_for(
    shared_clinic: Clinic, browser: Browser
) -> None:
    page = standalone(shared_clinic, browser, wanted=PATIENT, patient="ferreby-constance", decision="allow")
    assert page.status_code == 409
    assert "Ferreby" not in page.text


def test_code_and_state_do_not_stay_in_the_address(shared_clinic: Clinic, browser: Browser) -> None:
    answer = browser.get(browser.callback(shared_clinic, PATIENT), follow=False)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/p/")
    assert "?" not in answer.headers["Location"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_every_cookie_is_closed_to_scripts_and_comes_back_in_a_frame_over_https_alone(
    shared_clinic: Clinic, browser: Browser
) -> None:
    browser.open(shared_clinic, PATIENT)
    cookies = list(browser.jar)
    assert {cookie.name for cookie in cookies if cookie.domain.startswith("localhost")} == {"ccm_browser", "ccm_launch"}
    for cookie in cookies:
        if cookie.domain.startswith("localhost"):
            assert cookie.secure
            assert cookie.has_nonstandard_attr("HttpOnly")
            assert cookie.get_nonstandard_attr("SameSite") == "None"
            assert cookie.has_nonstandard_attr("Partitioned")


def test_only_the_registered_ehr_may_frame_the_panel(shared_clinic: Clinic, browser: Browser) -> None:
    page = browser.launch(shared_clinic, PATIENT)
    policy = page.headers["Content-Security-Policy"]
    assert f"frame-ancestors {shared_clinic.ehr.base_url}" in policy
    assert "unsafe" not in policy
    assert "X-Frame-Options" not in page.headers


@pytest.mark.parametrize("method", ["private_key_jwt", "client_secret_basic", "client_secret_post", "none"])
def test_the_application_signs_in_to_the_ehr_as_registered(
    open_clinic: OpenClinic, browser: Browser, method: str
) -> None:
    panel = browser.open(open_clinic(registration={"client_auth": method}), PATIENT)
    assert panel.view()["patient"]["id"] == PATIENT


@pytest.mark.parametrize("algorithm", ["ES384", "RS384"])
def test_the_application_signs_by_either_algorithm(open_clinic: OpenClinic, browser: Browser, algorithm: str) -> None:
    browser.open(open_clinic(registration={"signing_algorithm": algorithm}), PATIENT)


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "ES384"])
def test_an_id_token_of_each_algorithm_is_verified(open_clinic: OpenClinic, browser: Browser, algorithm: str) -> None:
    browser.open(open_clinic(ehr=SandboxConfig(id_token_algorithm=algorithm)), PATIENT)


@pytest.mark.parametrize("style", ["v1", "v2"])
def test_scopes_of_either_version_open_the_panel_and_its_writing(
    open_clinic: OpenClinic, browser: Browser, style: str
) -> None:
    view = browser.open(open_clinic(ehr=SandboxConfig(scope_style=style)), PATIENT).view()  # type: ignore[arg-type]
    assert (view["writeback"]["rung"], len(view["conditions"])) == ("encounter_observation", 2)


class Gate:
    """Stands before the EHR: the token request passes, then nobody does until `parties` requests wait together."""

    def __init__(self, clinic: Clinic, parties: int) -> None:
        self._application: Callable[..., Iterable[bytes]] = clinic.ehr.app.wsgi_app
        self._barrier = threading.Barrier(parties)
        clinic.ehr.app.wsgi_app = self  # type: ignore[method-assign]

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/auth/token":
            self.wait()
        return self._application(environ, start_response)

    def wait(self) -> None:
        """Waits for the others; once they did not come, nobody waits any more."""
        with contextlib.suppress(threading.BrokenBarrierError):
            self._barrier.wait(timeout=5)

    @property
    def all_came(self) -> bool:
        """Whether all stood here together."""
        return not self._barrier.broken


@pytest.mark.parametrize("patient", [PATIENT, "ferreby-constance"])
def test_after_the_token_everything_is_asked_in_one_round(
    open_clinic: OpenClinic, browser: Browser, other_browser: Browser, patient: str
) -> None:
    counted, timed = open_clinic(), open_clinic()  # nothing is cached yet in the second
    callback = browser.callback(counted, patient)
    counted.forget_requests()
    assert browser.get(callback).status_code == 200
    token, *others = [row["path"].partition("?")[0] for row in counted.asked()]
    assert token == "/auth/token"
    assert {"/auth/jwks.json", "/fhir/metadata", f"/fhir/Patient/{patient}", "/fhir/Condition"} < set(others)
    callback = other_browser.callback(timed, patient)
    gate = Gate(timed, len(others))
    assert other_browser.get(callback).status_code == 200
    assert gate.all_came


def test_people_who_launch_for_the_first_time_at_the_same_moment_all_get_their_panel(either_clinic: Clinic) -> None:
    browsers = [Browser() for _ in range(6)]
    callbacks = [browser.callback(either_clinic, PATIENT, user="physician") for browser in browsers]
    start = threading.Barrier(len(browsers))
    statuses: list[int] = []

    def come_back(browser: Browser, url: str) -> None:
        start.wait(timeout=20)
        statuses.append(browser.get(url).status_code)
        browser.close()

    threads = [threading.Thread(target=come_back, args=pair) for pair in zip(browsers, callbacks, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert statuses == [200] * len(browsers)

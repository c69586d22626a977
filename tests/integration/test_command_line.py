"""The command line on a database of its own: what each command does, and the one clear line when it cannot."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import click
import pytest
from click.testing import CliRunner, Result

from sandbox_ehr.config import Client, SandboxConfig
from sandbox_ehr.faults import Fault
from sandbox_ehr.server import SandboxServer
from smart_app.cli import main
from smart_app.settings import Settings
from tests.integration.browser import Browser
from tests.integration.clinic import Clinic, Clock
from tests.integration.clinic import clinic as running_clinic

PATIENT = "albarracin-marisol"
EHR = "https://ehr.example.org/fhir"
Ccm = Callable[..., Result]


@pytest.fixture
def ccm(sqlite_url: str, key_file: Path, monkeypatch: pytest.MonkeyPatch) -> Ccm:
    """Runs a command on a database of this test's own."""
    monkeypatch.setenv("CCM_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("CCM_KEY_FILE", str(key_file))

    def run(*arguments: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(main, list(arguments), input=stdin)

    return run


def succeeded(result: Result) -> str:
    """What a command printed; it must have succeeded."""
    assert result.exit_code == 0, result.output
    return result.output


def refused(result: Result, *words: str) -> None:
    """The command failed with one clear line that holds these words."""
    assert result.exit_code in (1, 2), result.output
    assert isinstance(result.exception, SystemExit), result.exception
    line = result.output.strip().splitlines()[-1]
    assert line.startswith("Error: "), result.output
    assert not [word for word in words if word not in line], line


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every command below this one."""
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from commands(child, (*path, name))


@pytest.mark.parametrize("path", list(commands(main)), ids=" ".join)
def test_every_command_explains_itself(path: tuple[str, ...]) -> None:
    output = succeeded(CliRunner().invoke(main, [*path, "--help"]))
    assert output.startswith("Usage: ")
    assert len(output.splitlines()) > 4


def test_every_setting_is_listed_with_its_meaning(ccm: Ccm) -> None:
    output = succeeded(ccm("settings"))
    for name, field in Settings.model_fields.items():
        assert f"CCM_{name.upper()}\n" in output
        assert str(field.description) in output


def test_a_password_in_a_setting_is_not_printed(ccm: Ccm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCM_DATABASE_URL", "postgresql://ccm:hush@db.example.org/ccm")
    output = succeeded(ccm("settings"))
    assert ("hush" in output, "postgresql://ccm:***@db.example.org/ccm" in output) == (False, True)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CCM_DATABASE_URL", "nonsense"),
        ("CCM_DATABASE_URL", "mysql://localhost/ccm"),
        ("CCM_PUBLIC_URL", "ftp://example.org"),
        ("CCM_WEB_WORKERS", "0"),
        ("CCM_EHR_DEADLINE_SECONDS", "11"),
        ("CCM_SESSION_IDLE_MINUTES", "often"),
        ("CCM_LOG_LEVEL", "LOUD"),
        ("CCM_DELIVERY", "pigeon"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(
    ccm: Ccm, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    for command in (("settings",), ("users", "list"), ("worker", "--once"), ("db", "upgrade")):
        refused(ccm(*command), name)


DAMAGED = ["", "{}", "[]", '{"encryption": ["short"], "cookie_secret": "x", "signing": []}']
DAMAGED += ['{"encryption": [], "cookie_secret": "x", "signing": []}', '{"encryption": 7}']
NEED_STATE = [("users", "list"), ("registrations", "list"), ("worker", "--once"), ("admin", "bootstrap"), ("serve",)]


@pytest.mark.parametrize("command", NEED_STATE, ids=" ".join)
def test_missing_keys_are_said_in_one_line(
    ccm: Ccm, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CCM_KEY_FILE", str(tmp_path / "lost.json"))
    refused(ccm(*command), "no key file", str(tmp_path / "lost.json"))


@pytest.mark.parametrize("content", DAMAGED)
def test_damaged_keys_are_said_in_one_line(
    ccm: Ccm, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str
) -> None:
    damaged = tmp_path / "damaged.json"
    damaged.write_text(content, encoding="utf-8")
    monkeypatch.setenv("CCM_KEY_FILE", str(damaged))
    refused(ccm("users", "list"), "key file", str(damaged))


@pytest.mark.parametrize("command", NEED_STATE, ids=" ".join)
def test_a_database_that_is_not_up_to_date_is_said_in_one_line(
    ccm: Ccm, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CCM_DATABASE_URL", f"sqlite:///{tmp_path}/empty.db")
    refused(ccm(*command), "ccm db upgrade")


@pytest.mark.parametrize("url", ["sqlite:////no/such/folder/x.db", "postgresql://nobody@127.0.0.1:1/none"])
def test_a_database_that_cannot_be_opened_is_said_in_one_line(
    ccm: Ccm, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("CCM_DATABASE_URL", url)
    for command in (("users", "list"), ("db", "upgrade")):
        refused(ccm(*command), "CCM_DATABASE_URL", "cannot be opened")


def test_a_new_installation_gets_its_keys_and_keeps_them(
    ccm: Ccm, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    keys = tmp_path / "new" / "keys.json"
    (tmp_path / "new").mkdir()
    monkeypatch.setenv("CCM_DATABASE_URL", f"sqlite:///{tmp_path}/new/clinic.db")
    monkeypatch.setenv("CCM_KEY_FILE", str(keys))
    assert str(keys) in succeeded(ccm("db", "upgrade"))
    made = keys.read_bytes()
    succeeded(ccm("db", "upgrade"))
    assert (keys.read_bytes(), keys.stat().st_mode & 0o777) == (made, 0o600)
    assert (tmp_path / "new" / "clinic.db").stat().st_mode & 0o077 == 0
    keys.unlink()
    refused(ccm("db", "upgrade"), str(keys), "restore it")
    assert not keys.exists()


def add(ccm: Ccm, *options: str, issuer: str = EHR) -> Result:
    """What comes of registering an EHR."""
    return ccm(
        "registrations", "add", issuer, "--name", "EHR", "--client-id", "abc", "--timezone", "America/Chicago", *options
    )


def test_an_ehr_is_registered_shown_listed_and_disabled(ccm: Ccm) -> None:
    frames = ("--frame-ancestor", "https://a.example", "--frame-ancestor", "https://b.example")
    succeeded(add(ccm, *frames, "--write-back", "note"))
    shown = json.loads(succeeded(ccm("registrations", "show", EHR + "/")))
    assert (shown["issuer"], shown["write_back"], shown["timezone"]) == (EHR, "note", "America/Chicago")
    assert shown["frame_ancestors"] == ["https://a.example", "https://b.example"]
    assert succeeded(ccm("registrations", "list")) == f"{EHR}\tEHR\tenabled\n"
    refused(add(ccm), "registered already")
    succeeded(ccm("registrations", "disable", EHR))
    assert succeeded(ccm("registrations", "list")) == f"{EHR}\tEHR\tdisabled\n"
    for command in ("show", "disable"):
        refused(ccm("registrations", command, "https://other.example"), "not registered")


def test_a_client_s_secret_is_read_from_a_file_and_never_shown(ccm: Ccm, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("  hush hush\n", encoding="utf-8")
    refused(add(ccm, "--client-auth", "client_secret_basic"), "--secret-file")
    succeeded(add(ccm, "--client-auth", "client_secret_basic", "--secret-file", str(secret)))
    shown = succeeded(ccm("registrations", "show", EHR))
    assert ("hush" in shown, json.loads(shown)["client_secret"]) == (False, "set")


@pytest.mark.parametrize("issuer", ["http://e.example/fhir", "e.example", "", "https://u@e.example", "https://e/#x"])
def test_an_address_that_may_not_be_called_is_refused(ccm: Ccm, issuer: str) -> None:
    refused(add(ccm, issuer=issuer), "ISSUER")


def test_a_time_zone_that_is_none_is_refused(ccm: Ccm) -> None:
    for zone in ("Mars/Olympus", "", "../etc/passwd"):
        refused(add(ccm, "--timezone", zone), "--timezone")


def test_roles_are_granted_listed_and_revoked(ccm: Ccm) -> None:
    succeeded(add(ccm))
    succeeded(ccm("users", "grant", EHR, "Practitioner/1", "biller"))
    succeeded(ccm("users", "grant", EHR, "Practitioner/1", "lead"))
    assert succeeded(ccm("users", "list")) == f"{EHR}\tPractitioner/1\tlead\n"
    refused(ccm("users", "grant", EHR, "Practitioner/1", "king"), "king")
    refused(ccm("users", "grant", EHR, "somebody", "lead"), "USER")
    refused(ccm("users", "grant", "https://other.example", "Practitioner/1", "lead"), "not registered")
    succeeded(ccm("users", "revoke", EHR, "Practitioner/1"))
    assert succeeded(ccm("users", "list")) == ""
    refused(ccm("users", "revoke", EHR, "Practitioner/1"), "no role")


@pytest.fixture
def clinic(ccm: Ccm, sqlite_url: str, key_file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clinic]:
    """A clinic on the commands' database, at the time that it is."""
    with running_clinic(sqlite_url, key_file, clock=Clock(int(time.time()))) as running:
        monkeypatch.setenv("CCM_PUBLIC_URL", running.address)
        yield running


def test_a_revoked_role_ends_the_person_s_sessions(ccm: Ccm, clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT, user="physician")
    succeeded(ccm("users", "revoke", clinic.ehr.fhir_base, "Practitioner/physician"))
    assert browser.get(panel.url).status_code == 401
    assert browser.open(clinic, PATIENT, user="physician").view()["patient"]["user_role"] == "Clinical staff"


def test_a_worker_s_one_round_files_what_is_due(ccm: Ccm, clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT)
    panel.timer("start")
    clinic.clock.advance(60)
    panel.timer("stop")
    clinic.clock.advance(-60)
    with clinic.services.store.writing() as session:
        session.connection().exec_driver_sql("UPDATE delivery SET due_at = 0")
    assert "deliveries tried" in succeeded(ccm("worker", "--once"))
    assert panel.statuses() == ["filed"]


def test_the_first_admin_registers_the_first_ehr_by_a_link(ccm: Ccm, clinic: Clinic, browser: Browser) -> None:
    link = succeeded(ccm("admin", "bootstrap")).splitlines()[-1]
    assert link.startswith(f"{clinic.address}/admin/bootstrap/")
    for _ in range(2):  # opening it does not use it up
        page = browser.get(link)
        assert (page.status_code, f"{clinic.address}/launch" in page.text) == (200, True)
    keys = f"{clinic.address}/.well-known/jwks.json"
    client = Client("second", (f"{clinic.address}/callback",), auth_method="private_key_jwt", jwks_uri=keys)
    config = SandboxConfig(clients=(client,), app_launch_url=f"{clinic.address}/launch", clock=clinic.clock)
    with SandboxServer(config) as second:
        form = {
            "issuer": second.fhir_base,
            "name": "Second EHR",
            "client_id": "second",
            "client_auth": "private_key_jwt",
            "timezone": "America/Denver",
            "admin": "Practitioner/admin",
        }
        for field in ("issuer", "name", "client_id", "timezone", "admin"):
            for value in ("", "\x00", *(("nonsense",) if field in ("issuer", "timezone", "admin") else ())):
                answer = browser.request("POST", link, data=form | {field: value})
                assert (answer.status_code, f"{field}:" in answer.text) == (422, True), (field, value)
        assert browser.request("POST", link, data=form).status_code == 201
        assert browser.request("POST", link, data=form).status_code == 404
        assert browser.get(link).status_code == 404
        page = browser.get(f"{second.base_url}/launch/{PATIENT}", params={"user": "admin"})
        assert page.status_code == 200
        assert "Administrator" in page.text


def test_a_link_for_the_first_admin_runs_out_and_cannot_be_guessed(ccm: Ccm, clinic: Clinic, browser: Browser) -> None:
    link = succeeded(ccm("admin", "bootstrap")).splitlines()[-1]
    assert browser.get(link[:-1]).status_code == 404
    clinic.clock.advance(15 * 60 + 5)
    assert browser.get(link).status_code == 404
    assert browser.request("POST", link, data={}).status_code in (404, 422)
    assert urlsplit(link).path.split("/")[-1] not in clinic.log.getvalue()


@pytest.mark.parametrize(
    ("profile", "code", "words"),
    [
        ("open", 0, "Encounter + Observation"),
        ("epic", 0, "Observation where the chart is opened from a visit, else as Note"),
        ("oracle", 0, "Encounter + Observation"),
        ("readonly", 1, "Cadence only"),
    ],
)
def test_an_ehr_is_checked_before_it_is_registered(ccm: Ccm, profile: str, code: int, words: str) -> None:
    with SandboxServer(SandboxConfig(profile=profile)) as ehr:
        result = ccm("check", ehr.fhir_base)
        assert (result.exit_code, words in result.output) == (code, True), result.output
        findings = json.loads(ccm("check", ehr.fhir_base, "--json").output)["findings"]
        assert {"Sign-in", "PKCE", "Client", "Write-back"} <= {finding["subject"] for finding in findings}


def test_an_address_where_no_ehr_answers_fails_the_check(ccm: Ccm) -> None:
    result = ccm("check", "http://127.0.0.1:1/fhir")
    assert result.exit_code == 2
    assert result.output.startswith("fail  Sign-in: The EHR could not be reached.")
    refused(ccm("check", "http://ehr.example.org/fhir"), "ISSUER")


def test_an_ehr_without_a_capability_statement_fails_the_check(ccm: Ccm) -> None:
    with SandboxServer() as ehr:
        ehr.sandbox.traffic.faults.add(Fault(path="/fhir/metadata", status=500, times=-1))
        result = ccm("check", ehr.fhir_base)
    assert result.exit_code == 2
    assert "Capabilities" in result.output


def test_a_sandbox_on_a_port_in_use_is_said_in_one_line(ccm: Ccm) -> None:
    with SandboxServer() as ehr:
        refused(ccm("sandbox", "--port", str(urlsplit(ehr.base_url).port)), "Port")
        refused(ccm("demo", "--no-browser", "--port", str(urlsplit(ehr.base_url).port)), "Port", "in use")

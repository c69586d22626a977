"""The settings: from the environment, each checked, and the first that cannot be used named."""

from __future__ import annotations

import pytest

from smart_app.settings import Settings, SettingsError, load_settings


def test_addresses_are_made_from_the_public_one() -> None:
    settings = Settings(public_url="https://ccm.example.org/")
    assert settings.launch_url == "https://ccm.example.org/launch"
    assert settings.redirect_uri == "https://ccm.example.org/callback"
    assert (settings.secure_transport, Settings().secure_transport) == (True, False)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///x.db",
        "sqlite:////data/x.db",
        "postgresql://u@h/d",
        "postgresql+psycopg://u:p@h:5432/d?sslmode=require",
    ],
)
def test_a_database_of_either_kind_is_taken(url: str) -> None:
    assert Settings(database_url=url).database_url == url


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CCM_DATABASE_URL", "mysql://h/d"),
        ("CCM_DATABASE_URL", ""),
        ("CCM_PUBLIC_URL", "ccm.example.org"),
        ("CCM_WEB_THREADS", "many"),
        ("CCM_EHR_DEADLINE_SECONDS", "0"),
        ("CCM_SESSION_HOURS", "25"),
    ],
)
def test_the_variable_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"^{name}: ") as refusal:
        load_settings()
    assert "\n" not in str(refusal.value)


def test_every_setting_says_what_it_means() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []

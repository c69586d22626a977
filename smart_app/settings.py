"""Owns the settings of an installation: `CCM_…` environment variables, each with its meaning and default."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError


class SettingsError(Exception):
    """A setting that cannot be used; the text names the environment variable."""


class Settings(BaseSettings):
    """All settings. `ccm settings` prints them with these descriptions."""

    model_config = SettingsConfigDict(env_prefix="CCM_", frozen=True, extra="ignore")

    database_url: str = Field(
        default="sqlite:///cadence.db",
        description="SQLAlchemy URL of the database: a SQLite file, or postgresql://… for a clinic.",
    )
    key_file: Path | None = Field(
        default=None,
        description="File with the encryption, cookie and signing keys. Default: beside the SQLite database file; "
        "with PostgreSQL it must be set.",
    )
    public_url: str = Field(
        default="http://localhost:8000",
        description="Address under which browsers and EHRs reach this installation; launch and redirect URLs are "
        "made from it.",
    )
    bind: str = Field(default="127.0.0.1:8000", description="Address and port on which `ccm serve` listens.")
    web_workers: int = Field(default=1, ge=1, le=64, description="Processes of `ccm serve`.")
    web_threads: int = Field(default=8, ge=1, le=256, description="Threads of each process of `ccm serve`.")
    delivery: Literal["thread", "off"] = Field(
        default="thread",
        description="Whether `ccm serve` files entries in the chart from a thread of its own; off where `ccm worker` "
        "does it.",
    )
    delivery_pause_seconds: float = Field(
        default=1.0, gt=0, le=60, description="Pause between two looks into the outbox when there is nothing to file."
    )
    ehr_deadline_seconds: float = Field(
        default=10.0, gt=0, le=10, description="The longest that one step of a launch waits for the EHR."
    )
    session_idle_minutes: int = Field(
        default=15, ge=1, le=720, description="A launch without activity ends after this time."
    )
    session_hours: int = Field(default=12, ge=1, le=24, description="A launch ends after this time, active or not.")
    timer_confirm_minutes: int = Field(
        default=120,
        ge=5,
        le=1440,
        description="A timer that ran this long without a sign of life must be confirmed before it is filed.",
    )
    ca_bundle: Path | None = Field(default=None, description="PEM file with the authorities trusted for EHRs' TLS.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="The least level logged."
    )

    @field_validator("database_url")
    @classmethod
    def _of_a_known_kind(cls, value: str) -> str:
        try:
            known = make_url(value).get_backend_name() in ("sqlite", "postgresql")
        except ArgumentError:
            known = False
        if not known:
            raise ValueError("must be sqlite:///FILE or postgresql://USER@HOST/DATABASE")
        return value

    @field_validator("public_url")
    @classmethod
    def _without_trailing_slash(cls, value: str) -> str:
        if not value.startswith(("https://", "http://")):
            raise ValueError("must begin with https:// (or http:// for a demonstration)")
        return value.rstrip("/")

    @property
    def secure_transport(self) -> bool:
        """Whether browsers reach the installation by HTTPS."""
        return self.public_url.startswith("https://")

    @property
    def launch_url(self) -> str:
        """The launch URL that an EHR calls (SMART App Launch 2.2, section 3.0.5)."""
        return f"{self.public_url}/launch"

    @property
    def redirect_uri(self) -> str:
        """The one redirect URI; it is compared exactly (RFC 9700, section 2.1)."""
        return f"{self.public_url}/callback"


def load_settings() -> Settings:
    """Settings from the environment. Raises `SettingsError` naming the first variable that cannot be used."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "CCM_" + str(first["loc"][0]).upper()
        raise SettingsError(f"{name}: {first['msg'].removeprefix('Value error, ')}") from None

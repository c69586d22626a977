"""Owns the tables. Times are POSIX seconds (UTC) in BIGINT; columns named `sealed_*` hold what the vault encrypted.

Patient data is stored sealed, or as the EHR's opaque ids; the migrations under `migrations/` make these tables.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.schema import MetaData

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The declarative base: all ids are text, all times POSIX seconds."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        int: BigInteger,
        str: Text,
        bytes: LargeBinary,
        dict[str, Any]: JSON,
        list[Any]: JSON,
    }


Id = String(64)
FhirId = String(64)  # https://hl7.org/fhir/R4/datatypes.html#id


class RegistrationRow(Base):
    """An EHR that this installation trusts."""

    __tablename__ = "registration"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    issuer: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    client_id: Mapped[str]
    client_auth: Mapped[str]
    sealed_client_secret: Mapped[bytes | None]
    signing_algorithm: Mapped[str]
    token_issuer: Mapped[str]
    frame_ancestors: Mapped[list[Any]]
    write_back: Mapped[str]
    backend_scope: Mapped[str]
    default_role: Mapped[str]
    created_at: Mapped[int]
    disabled_at: Mapped[int | None]


class PracticeRow(Base):
    """A tenant; every row about a patient carries its id."""

    __tablename__ = "practice"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    registration_id: Mapped[str] = mapped_column(ForeignKey("registration.id"), index=True)
    name: Mapped[str]
    timezone: Mapped[str]
    created_at: Mapped[int]


class UserRow(Base):
    """A person as one EHR knows them; `reference` is the FHIR reference of the id_token's fhirUser."""

    __tablename__ = "app_user"
    __table_args__ = (UniqueConstraint("registration_id", "reference"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    registration_id: Mapped[str] = mapped_column(ForeignKey("registration.id"))
    reference: Mapped[str]
    name: Mapped[str]
    created_at: Mapped[int]


class GrantRow(Base):
    """A role given to a person of one EHR, who may never have signed in yet."""

    __tablename__ = "role_grant"
    __table_args__ = (UniqueConstraint("registration_id", "reference"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    registration_id: Mapped[str] = mapped_column(ForeignKey("registration.id"))
    reference: Mapped[str]
    role: Mapped[str]
    granted_at: Mapped[int]


class BootstrapRow(Base):
    """A one-time link for the first admin; only the hash of its token is kept."""

    __tablename__ = "bootstrap_link"

    token_hash: Mapped[str] = mapped_column(Id, primary_key=True)
    expires_at: Mapped[int]
    used_at: Mapped[int | None]


class AuthorizationRow(Base):
    """An authorization under way, keyed by the hash of its `state`; used once (RFC 6749, section 10.12)."""

    __tablename__ = "authorization_request"

    state_hash: Mapped[str] = mapped_column(Id, primary_key=True)
    browser_hash: Mapped[str] = mapped_column(Id)
    registration_id: Mapped[str] = mapped_column(ForeignKey("registration.id"))
    nonce: Mapped[str]
    sealed_verifier: Mapped[bytes]
    scope: Mapped[str]
    patient: Mapped[str] = mapped_column(FhirId)
    created_at: Mapped[int]
    expires_at: Mapped[int] = mapped_column(index=True)
    used_at: Mapped[int | None]


class LaunchRow(Base):
    """One opened chart in one browser: who, whom, with what rights, and where time will be filed."""

    __tablename__ = "launch"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    practice_id: Mapped[str] = mapped_column(ForeignKey("practice.id"))
    user_id: Mapped[str] = mapped_column(ForeignKey("app_user.id"), index=True)
    patient_id: Mapped[str] = mapped_column(FhirId)
    encounter_id: Mapped[str]
    role: Mapped[str]
    cookie_hash: Mapped[str] = mapped_column(Id)
    browser_hash: Mapped[str] = mapped_column(Id, index=True)
    scope: Mapped[str]
    rung: Mapped[str]
    rung_why: Mapped[str]
    show_patient: Mapped[bool] = mapped_column(Boolean)
    style_url: Mapped[str]
    created_at: Mapped[int]
    last_seen_at: Mapped[int]
    expires_at: Mapped[int]
    ended_at: Mapped[int | None]


class PatientRow(Base):
    """A patient of a practice as their chart last described them, sealed; ids are the EHR's."""

    __tablename__ = "patient"

    practice_id: Mapped[str] = mapped_column(ForeignKey("practice.id"), primary_key=True)
    patient_id: Mapped[str] = mapped_column(FhirId, primary_key=True)
    sealed_patient: Mapped[bytes]
    seen_at: Mapped[int]


class TokenRow(Base):
    """The tokens of a launch, sealed. `version` counts refreshes, so that two workers never use one refresh token."""

    __tablename__ = "launch_token"

    launch_id: Mapped[str] = mapped_column(ForeignKey("launch.id"), primary_key=True)
    sealed_access: Mapped[bytes]
    sealed_refresh: Mapped[bytes | None]
    expires_at: Mapped[int]
    version: Mapped[int]
    refreshing_until: Mapped[int]


class ChartRow(Base):
    """The chart as it was read at the launch, sealed."""

    __tablename__ = "chart_snapshot"

    launch_id: Mapped[str] = mapped_column(ForeignKey("launch.id"), primary_key=True)
    read_at: Mapped[int]
    sealed_chart: Mapped[bytes]


class TimerRow(Base):
    """A person's timer on a patient: the stretches that have run, and since when it runs (null: paused)."""

    __tablename__ = "timer"
    __table_args__ = (
        UniqueConstraint("user_id", "practice_id", "patient_id"),
        Index(
            "uq_timer_running",
            "user_id",
            unique=True,
            sqlite_where=text("running_since IS NOT NULL"),
            postgresql_where=text("running_since IS NOT NULL"),
        ),
        Index("ix_timer_patient", "practice_id", "patient_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    practice_id: Mapped[str] = mapped_column(ForeignKey("practice.id"))
    patient_id: Mapped[str] = mapped_column(FhirId)
    user_id: Mapped[str] = mapped_column(ForeignKey("app_user.id"))
    launch_id: Mapped[str] = mapped_column(ForeignKey("launch.id"))
    activity: Mapped[str]
    modality: Mapped[str]
    sealed_note: Mapped[bytes]
    stretches: Mapped[list[Any]]
    running_since: Mapped[int | None]
    seen_at: Mapped[int]


class EntryRow(Base):
    """The ledger: one stretch of one person's work. `key` is the client's, so that a repeated post is one entry."""

    __tablename__ = "entry"
    __table_args__ = (
        UniqueConstraint("practice_id", "patient_id", "user_id", "key"),
        Index("ix_entry_patient_start", "practice_id", "patient_id", "start"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    practice_id: Mapped[str] = mapped_column(ForeignKey("practice.id"))
    patient_id: Mapped[str] = mapped_column(FhirId)
    user_id: Mapped[str] = mapped_column(ForeignKey("app_user.id"))
    key: Mapped[str] = mapped_column(String(200))
    source: Mapped[str]
    start: Mapped[int]
    end: Mapped[int]
    performer: Mapped[str]
    performer_name: Mapped[str]
    performer_class: Mapped[str]
    activity: Mapped[str]
    modality: Mapped[str]
    sealed_note: Mapped[bytes]
    separate_from_visit: Mapped[bool] = mapped_column(Boolean)
    revision: Mapped[int]
    created_at: Mapped[int]
    voided_at: Mapped[int | None]
    voided_by: Mapped[str | None] = mapped_column(ForeignKey("app_user.id"))
    sealed_void_reason: Mapped[bytes | None]


class RevisionRow(Base):
    """What an entry said before it was amended, and who amended it, when and why; the original is number 1."""

    __tablename__ = "entry_revision"

    entry_id: Mapped[str] = mapped_column(ForeignKey("entry.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    start: Mapped[int]
    end: Mapped[int]
    activity: Mapped[str]
    modality: Mapped[str]
    sealed_note: Mapped[bytes]
    amended_at: Mapped[int]
    amended_by: Mapped[str] = mapped_column(ForeignKey("app_user.id"))
    sealed_reason: Mapped[bytes]


class RecordRow(Base):
    """One event of a patient's programme: enrolment, attestation, care plan or a fact of a month; never changed."""

    __tablename__ = "record"
    __table_args__ = (UniqueConstraint("practice_id", "patient_id", "stream", "number"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    practice_id: Mapped[str] = mapped_column(ForeignKey("practice.id"))
    patient_id: Mapped[str] = mapped_column(FhirId)
    stream: Mapped[str] = mapped_column(String(32))
    number: Mapped[int]
    user_id: Mapped[str] = mapped_column(ForeignKey("app_user.id"))
    recorded_at: Mapped[int]
    sealed_body: Mapped[bytes]


class StaffRow(Base):
    """One row of the staff register: who works for the practice as what, from when to when (ISO days, in its zone)."""

    __tablename__ = "staff"
    __table_args__ = (Index("ix_staff_performer", "practice_id", "performer"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    practice_id: Mapped[str] = mapped_column(ForeignKey("practice.id"))
    performer: Mapped[str]
    name: Mapped[str]
    employer: Mapped[str]
    credential: Mapped[str]
    licence: Mapped[str]
    licence_state: Mapped[str]
    supervisor: Mapped[str]
    country: Mapped[str]
    clinical: Mapped[bool | None] = mapped_column(Boolean)
    effective_from: Mapped[str]
    effective_to: Mapped[str]
    recorded_at: Mapped[int]


class DeliveryRow(Base):
    """The outbox: one entry, or one care month's total, that the chart must come to equal.

    `wanted` grows with every change of what is to be filed, `fence` with each claim, so that a change made during a
    delivery is not lost and a stale worker's result is refused. `launch_id` is whose right is used; none for what
    was read back from a chart.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("practice_id", "patient_id", "month"),
        Index("ix_delivery_due", "state", "due_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    entry_id: Mapped[str | None] = mapped_column(ForeignKey("entry.id"), unique=True)
    registration_id: Mapped[str] = mapped_column(ForeignKey("registration.id"))
    practice_id: Mapped[str] = mapped_column(ForeignKey("practice.id"))
    patient_id: Mapped[str] = mapped_column(FhirId)
    month: Mapped[str | None] = mapped_column(String(7))
    launch_id: Mapped[str | None] = mapped_column(ForeignKey("launch.id"), index=True)
    rung: Mapped[str]
    state: Mapped[str] = mapped_column(String(16))
    wanted: Mapped[int]
    attempts: Mapped[int]
    due_at: Mapped[int]
    lease_until: Mapped[int]
    fence: Mapped[int]
    detail: Mapped[str]
    created_at: Mapped[int]
    filed_at: Mapped[int | None]


class FiledResourceRow(Base):
    """A resource that the EHR holds for a delivery; kept as soon as the EHR's answer is known.

    `revision` is the entry's that it tells of; `standing` is "kept", "duplicate" (made by a race) or "in_error".
    """

    __tablename__ = "filed_resource"
    __table_args__ = (UniqueConstraint("delivery_id", "resource_type", "resource_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    delivery_id: Mapped[str] = mapped_column(ForeignKey("delivery.id"))
    resource_type: Mapped[str]
    resource_id: Mapped[str]
    version: Mapped[str]
    revision: Mapped[int]
    standing: Mapped[str] = mapped_column(String(16))
    filed_at: Mapped[int]


class EhrStateRow(Base):
    """How an EHR has behaved: failures in a row, until when it is left alone, and the rung it was lowered to."""

    __tablename__ = "ehr_state"

    registration_id: Mapped[str] = mapped_column(ForeignKey("registration.id"), primary_key=True)
    failures: Mapped[int]
    open_until: Mapped[int]
    ceiling: Mapped[str]
    ceiling_why: Mapped[str]
    ceiling_until: Mapped[int]


class CandidateRow(Base):
    """A patient considered for the programme: what of the chart decides it, sealed, and what that came to.

    Enrolment is no business of this row: who has been invited, enrolled or has declined is told by their record.
    """

    __tablename__ = "candidate"
    __table_args__ = (Index("ix_candidate_standing", "practice_id", "standing", "patient_id"),)

    practice_id: Mapped[str] = mapped_column(ForeignKey("practice.id"), primary_key=True)
    patient_id: Mapped[str] = mapped_column(FhirId, primary_key=True)
    standing: Mapped[str] = mapped_column(String(16))
    sealed_evidence: Mapped[bytes]
    source: Mapped[str] = mapped_column(String(16))
    changed_at: Mapped[int]


class ImportRow(Base):
    """One import of candidates: how far it has come, so that the next run goes on there.

    The plan (where from, the export's addresses, the key of the working folder) is sealed. `through` is the last
    patient who was weighed; `counts` are numbers only.
    """

    __tablename__ = "candidate_import"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    practice_id: Mapped[str] = mapped_column(ForeignKey("practice.id"), index=True)
    source: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    sealed_plan: Mapped[bytes]
    through: Mapped[str] = mapped_column(FhirId)
    counts: Mapped[dict[str, Any]]
    as_of: Mapped[str]
    started_at: Mapped[int]
    finished_at: Mapped[int | None]

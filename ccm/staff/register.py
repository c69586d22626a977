"""Owns the register of those who work for the programme, and the class in which each one's time is judged on a day.

Time of people outside the United States never counts, whoever employs them; external staff inside it can, under
general supervision; who is in no row is non-clinical.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta, tzinfo
from typing import Final

from ccm.entries import Entry
from ccm.event_json import Plain, from_plain, to_plain
from ccm.months import local_day
from ccm.record_guards import first_of, wrong_text
from ccm.records import Refusal
from ccm.staff.credentials import is_clinical_staff, is_licensed, is_practitioner

WHO_MAY: Final = frozenset({"lead", "admin"})
UNITED_STATES: Final = frozenset({"US", "PR", "GU", "VI", "AS", "MP"})  # ISO 3166: the territories have their own codes
_STATE_CODES: Final = (
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR "
    "PA RI SC SD TN TX UT VT VA WA WV WI WY PR GU VI AS MP"
)
_STATES: Final = frozenset(_STATE_CODES.split())


@dataclass(frozen=True, slots=True)
class StaffRow:
    """What holds of one performer from `effective_from` to `effective_to`, both included (None: until further notice).

    `performer` is the reference by which entries name their performer, `supervisor` that of the supervising
    practitioner. `country` (ISO 3166 alpha-2) is where the person works. `clinical` says, where the practice knows
    better than the table of credentials, whether law and its own policy let the person do this work.
    """

    performer: str
    name: str
    employer: str
    credential: str
    country: str
    effective_from: date
    effective_to: date | None = None
    licence_number: str = ""
    licence_state: str = ""
    supervisor: str = ""
    clinical: bool | None = None

    def holds_on(self, day: date) -> bool:
        """Whether the row is in effect on a day."""
        return self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)


@dataclass(frozen=True, slots=True)
class Standing:
    """In which class of `ccm.vocabulary` a performer's time is judged, by which row, and why in plain words."""

    performer_class: str
    row: StaffRow | None
    why: str


def row_to_dict(row: StaffRow) -> Plain:
    """The row as JSON values."""
    plain: Plain = to_plain(row)
    return plain


def row_from_dict(plain: object) -> StaffRow:
    """The row that `row_to_dict` wrote; ValueError, naming the field, for anything else."""
    return from_plain(StaffRow, plain, "row")


def standing_on(register: Sequence[StaffRow], performer: str, day: date) -> Standing:
    """How a performer stands in the register on a day."""
    rows = [row for row in register if row.performer == performer]
    row = max((row for row in rows if row.holds_on(day)), key=lambda each: each.effective_from, default=None)
    if row is None:
        why = "has no row for this day in the staff register" if rows else "is not in the staff register"
        return Standing("non_clinical", None, f"{rows[0].name if rows else performer} {why}: this time does not count.")
    if row.country not in UNITED_STATES:
        return Standing("outside_us", row, f"{row.name} works outside the United States: this time cannot count.")
    return _by_credential(row)


def class_on(register: Sequence[StaffRow], performer: str, day: date) -> str:
    """The performer class of `ccm.vocabulary` on a day: staff, practitioner, non_clinical or outside_us."""
    return standing_on(register, performer, day).performer_class


def classified(entries: Iterable[Entry], register: Sequence[StaffRow], zone: tzinfo) -> tuple[Entry, ...]:
    """The entries, each with the class of its performer on the local day of its start."""
    return tuple(
        replace(entry, performer_class=class_on(register, entry.performer, local_day(entry.start, zone)))
        for entry in entries
    )


def admit(register: Sequence[StaffRow], row: StaffRow) -> StaffRow | Refusal:
    """The row as it is to be added (codes in capitals, blanks trimmed), or why it is refused."""
    row = _tidy(row)
    return _wrong(row) or _wrong_overlap(register, row) or row


def ended(row: StaffRow, last_day: date) -> StaffRow | Refusal:
    """The row with its last day, so that another can follow; earlier days are judged by it as before."""
    if last_day < row.effective_from:
        return Refusal("effective_to", f"lies before the row's first day, {row.effective_from}")
    if row.effective_to is not None and last_day > row.effective_to:
        return Refusal("effective_to", f"lies after the row's last day, {row.effective_to}")
    return replace(row, effective_to=last_day)


def row_warnings(row: StaffRow) -> tuple[str, ...]:
    """What an auditor would miss in a row, in plain words."""
    found = []
    if _by_credential(row).performer_class == "staff" and not row.supervisor:
        found.append(f"Name the practitioner who supervises {row.name}.")
    if is_licensed(row.credential) and not (row.licence_number and row.licence_state):
        found.append(f"Record the licence and its state for {row.name} ({row.credential}).")
    if row.clinical and not is_clinical_staff(row.credential) and not is_practitioner(row.credential):
        found.append(f"Keep the policy by which {row.name} ({row.credential}) counts as clinical staff.")
    return tuple(found)


def _by_credential(row: StaffRow) -> Standing:
    who = f"{row.name} ({row.credential})"
    if row.clinical is False:
        return Standing("non_clinical", row, f"{who} does no clinical work here: this time does not count.")
    if is_practitioner(row.credential):
        return Standing("practitioner", row, f"{who} is a practitioner who may bill CCM.")
    if is_clinical_staff(row.credential) or row.clinical:
        return Standing("staff", row, f"{who} is clinical staff.")
    return Standing("non_clinical", row, f"{who} is not clinical staff: this time does not count.")


def _tidy(row: StaffRow) -> StaffRow:
    return replace(
        row,
        performer=row.performer.strip(),
        name=row.name.strip(),
        employer=row.employer.strip(),
        credential=row.credential.strip(),
        country=row.country.strip().upper(),
        licence_number=row.licence_number.strip(),
        licence_state=row.licence_state.strip().upper(),
        supervisor=row.supervisor.strip(),
    )


def _wrong(row: StaffRow) -> Refusal | None:
    country = len(row.country) == 2 and row.country.isascii() and row.country.isalpha()
    state = row.licence_state in _STATES or not row.licence_state
    backwards = row.effective_to is not None and row.effective_to < row.effective_from
    return first_of(
        wrong_text("performer", row.performer),
        wrong_text("name", row.name),
        wrong_text("employer", row.employer),
        wrong_text("credential", row.credential),
        None if country else Refusal("country", "must be a country's two letters, such as US"),
        None if state else Refusal("licence_state", "must be a state's two letters, such as NY"),
        Refusal("licence_state", "is missing beside the licence's number")
        if row.licence_number and not row.licence_state
        else None,
        Refusal("effective_to", "lies before effective_from") if backwards else None,
        Refusal("supervisor", "must be somebody else") if row.supervisor == row.performer else None,
    )


def _wrong_overlap(register: Sequence[StaffRow], row: StaffRow) -> Refusal | None:
    last_day = row.effective_to or date.max
    for other in register:
        until = other.effective_to or date.max
        if other.performer == row.performer and other.effective_from <= last_day and row.effective_from <= until:
            return Refusal("effective_from", _overlap(row, other))
    return None


def _overlap(row: StaffRow, other: StaffRow) -> str:
    if other.effective_to is None and other.effective_from < row.effective_from:
        day_before = row.effective_from - timedelta(days=1)
        return f"overlaps the row since {other.effective_from}: end that one on {day_before} or earlier"
    return f"overlaps the row from {other.effective_from} to {other.effective_to or 'further notice'}"

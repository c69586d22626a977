"""Owns reading the staff register from the rows of a CSV file, each fault named by line and column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from ccm.instants import parse_day
from ccm.records import Refusal
from ccm.staff.register import StaffRow, admit

COLUMNS: Final = (
    "performer",
    "name",
    "employer",
    "credential",
    "licence_number",
    "licence_state",
    "supervisor",
    "country",
    "effective_from",
    "effective_to",
    "clinical",
)
_CLINICAL: Final[dict[str, bool | None]] = {"": None, "yes": True, "no": False, "true": True, "false": False}


@dataclass(frozen=True, slots=True)
class RowError:
    """One fault: `line` from 1 (the header), `field` the column, `reason` in plain words without the value."""

    line: int
    field: str
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.field}: {self.reason}" if self.field else f"line {self.line}: {self.reason}"


def read_staff_rows(
    rows: Iterable[Mapping[str, str]], register: Sequence[StaffRow] = ()
) -> tuple[tuple[StaffRow, ...], tuple[RowError, ...]]:
    """The rows to add to `register`, and the faults of those that cannot be: add none while there is a fault.

    `rows` are as `csv.DictReader` gives them, the header being line 1 and no field holding a line break. Never raises
    for what they hold.
    """
    read: list[StaffRow] = []
    errors: list[RowError] = []
    for line, fields in enumerate(rows, start=2):
        outcome = _row(fields)
        if isinstance(outcome, StaffRow):
            outcome = admit((*register, *read), outcome)
        if isinstance(outcome, Refusal):
            errors.append(RowError(line, outcome.field, outcome.reason))
        else:
            read.append(outcome)
    return tuple(read), tuple(errors)


def _row(fields: Mapping[str, str]) -> StaffRow | Refusal:
    unknown = [name for name in fields if name not in COLUMNS]
    if unknown:
        return Refusal("", f"has a column that is not known: the columns are {', '.join(COLUMNS)}")
    values = {name: (fields.get(name) or "").strip() for name in COLUMNS}
    first_day, last_day = _day(values, "effective_from"), _day(values, "effective_to")
    if isinstance(first_day, Refusal):
        return first_day
    if isinstance(last_day, Refusal):
        return last_day
    if first_day is None:
        return Refusal("effective_from", "is missing")
    if values["clinical"].lower() not in _CLINICAL:
        return Refusal("clinical", "must be yes, no or empty")
    return StaffRow(
        performer=values["performer"],
        name=values["name"],
        employer=values["employer"],
        credential=values["credential"],
        country=values["country"],
        effective_from=first_day,
        effective_to=last_day,
        licence_number=values["licence_number"],
        licence_state=values["licence_state"],
        supervisor=values["supervisor"],
        clinical=_CLINICAL[values["clinical"].lower()],
    )


def _day(values: Mapping[str, str], name: str) -> date | Refusal | None:
    try:
        return parse_day(values[name]) if values[name] else None
    except ValueError as error:
        return Refusal(name, str(error))

"""The staff register: who works for the programme, as what, where and under whom, from which day to which."""

from ccm.staff.reading_rows import COLUMNS, RowError, read_staff_rows
from ccm.staff.register import (
    WHO_MAY,
    StaffRow,
    Standing,
    admit,
    class_on,
    classified,
    ended,
    row_from_dict,
    row_to_dict,
    row_warnings,
    standing_on,
)

__all__ = [
    "COLUMNS",
    "WHO_MAY",
    "RowError",
    "StaffRow",
    "Standing",
    "admit",
    "class_on",
    "classified",
    "ended",
    "read_staff_rows",
    "row_from_dict",
    "row_to_dict",
    "row_warnings",
    "standing_on",
]

"""The rules that are data: codes, thresholds, caps, amounts, conflicting services and citations, by date of service."""

from ccm.tables.amounts import money, with_amounts
from ccm.tables.national import NATIONAL_TABLES
from ccm.tables.shapes import CodeRule, CodeTable, Conflict, TrackRule, table_on

__all__ = [
    "NATIONAL_TABLES",
    "CodeRule",
    "CodeTable",
    "Conflict",
    "TrackRule",
    "money",
    "table_on",
    "with_amounts",
]

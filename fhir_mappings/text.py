"""Owns what text may hold on its way in and out of FHIR: no NUL, no other control characters, no half characters.

FHIR strings are free of control characters below U+0020 other than tab and line ends
(https://hl7.org/fhir/R4/datatypes.html#string), and neither XML nor PostgreSQL can hold a NUL. Everything else stays:
right-to-left marks, combining characters and the joiners of emoji are part of people's names.
"""

from __future__ import annotations

import html
import re

_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_INVISIBLE_ELEMENT = re.compile(r"<(script|style|head)\b.*?(</\1\s*>|$)", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^>]*(>|$)")


def clean_line(text: str) -> str:
    """`text` as one line: unstorable characters removed, every run of white space one space, none at the ends."""
    if not text.isprintable():
        text = _UNSTORABLE.sub("", text)
    return " ".join(text.split())


def clean_note(text: str) -> str:
    """`text` with its lines kept: unstorable characters removed, line ends as "\\n", no white space at the ends."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNSTORABLE.sub("", text).strip()


def shortened(text: str, limit: int) -> str:
    """`text`, or its first characters and an ellipsis: `limit` characters in all."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def narrative_text(div: str, limit: int) -> str:
    """The words of an XHTML narrative as one plain line of at most `limit` characters.

    Only the first part of a long narrative is looked at, because a narrative can be megabytes. The result is text,
    not markup: whoever shows it escapes it.
    """
    div = _INVISIBLE_ELEMENT.sub(" ", div[: limit * 40])
    return shortened(clean_line(html.unescape(_TAG.sub(" ", div))), limit)


def quantified(count: int, one: str, many: str, predicate: str) -> str:
    """A sentence on a number of things: "1 row is unreadable", "3 rows are unreadable"."""
    return f"1 {one} is {predicate}" if count == 1 else f"{count} {many} are {predicate}"

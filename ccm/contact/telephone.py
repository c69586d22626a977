"""Owns whether a text can be a telephone number, as people write them: with blanks, brackets and an extension."""

from __future__ import annotations

import re
from typing import Final

from ccm.records import Refusal

_FEWEST, _MOST = 7, 15  # a local number; the longest that ITU-T E.164 allows
_LONGEST_EXTENSION: Final = 6
_parts = re.compile(r"\+?([0-9 ().\-/]+?)(?: ?(?:x|ext\.?) ?([0-9]+))?").fullmatch


def wrong_telephone(field: str, number: str) -> Refusal | None:
    """Why `number` is none: 7 to 15 digits, and an extension after "x" or "ext" where there is one."""
    match = _parts(number.strip())
    digits = sum(character.isdigit() for character in match[1]) if match else 0
    if match is None or not _FEWEST <= digits <= _MOST or len(match[2] or "") > _LONGEST_EXTENSION:
        return Refusal(field, "must be a telephone number such as 555-010-0199 or +1 555 010 0199 x12")
    return None

"""Owns the check of a National Provider Identifier (45 CFR 162.406): ten digits, the last a Luhn check digit."""

from __future__ import annotations

import re
from functools import lru_cache

_ISSUER = "80840"  # the prefix that makes an NPI an ISO/IEC 7812 card number, over which the check digit is made
_is_ten_digits = re.compile(r"[0-9]{10}").fullmatch


@lru_cache(maxsize=1024)
def npi_is_valid(npi: str) -> bool:
    """Whether `npi` has ten digits and its check digit holds; says nothing of whether it was ever given out."""
    if not _is_ten_digits(npi):
        return False
    digits = [int(d) for d in reversed(_ISSUER + npi)]
    doubled = [sum(divmod(2 * d, 10)) for d in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0

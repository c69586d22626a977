"""Owns the comparison of one search parameter with one resource: tokens, references, dates, strings and modifiers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

from sandbox_ehr.fhir import dates
from sandbox_ehr.fhir.outcome import FhirError
from sandbox_ehr.fhir.parameters import PARAMETERS, Parameter, elements
from sandbox_ehr.fhir.references import Resource, local

Test = Callable[[Resource], bool]

_MODIFIERS = {
    "token": {"", "not", "missing"},
    "reference": {"", "missing"},
    "date": {"", "missing"},
    "string": {"", "exact", "contains", "missing"},
}
_ANY_SYSTEM = "*"


def compile_test(parameter: Parameter, name: str, modifier: str, value: str, base: str) -> Test:
    """The test that `name:modifier=value` puts to a resource; commas in the value mean or.

    `base` is the FHIR base: absolute references below it are local ones. Raises FhirError 400 for a modifier or a
    value that the parameter's kind does not have.
    """
    kind = parameter.kind
    if kind == "reference" and modifier in PARAMETERS:
        value, modifier = ",".join(f"{modifier}/{one.rpartition('/')[2]}" for one in split_values(value)), ""
    if modifier not in _MODIFIERS[kind]:
        raise FhirError(400, "not-supported", f"{name} has no modifier {modifier!r} here")
    if modifier == "missing":
        return _missing_test(parameter, name, value)
    values = split_values(value)
    if kind == "token":
        return _token_test(parameter, values, negate=modifier == "not")
    if kind == "date":
        return _date_test(parameter, name, values)
    if kind == "reference":
        return _reference_test(parameter, values, base)
    return _string_test(parameter, values, modifier)


def split_values(value: str) -> list[str]:
    """The alternatives of a search value, parted by commas without a backslash (FHIR R4, search.html#escaping)."""
    return [re.sub(r"\\([,|$\\])", r"\1", part) for part in re.split(r"(?<!\\),", value) if part]


def tokens(value: Any) -> Iterator[tuple[str, str]]:
    """System and code of a code, Coding, CodeableConcept, Identifier or ContactPoint; `*` where no system is named
    because the element has a fixed one."""
    if isinstance(value, bool):
        yield _ANY_SYSTEM, "true" if value else "false"
    elif isinstance(value, str):
        yield _ANY_SYSTEM, value
    elif isinstance(value, dict):
        codings = value.get("coding")
        for coding in codings if isinstance(codings, list) else [value]:
            if isinstance(coding, dict):
                yield str(coding.get("system") or ""), str(coding.get("code") or coding.get("value") or "")


def _missing_test(parameter: Parameter, name: str, value: str) -> Test:
    if value not in ("true", "false"):
        raise FhirError(400, "value", f"{name}:missing is true or false")
    wanted = value == "true"
    return lambda resource: (next(elements(resource, parameter), None) is None) is wanted


def _token_test(parameter: Parameter, values: list[str], *, negate: bool) -> Test:
    wanted = [one.partition("|") for one in values]

    def fits(system: str, code: str) -> bool:
        for left, bar, right in wanted:
            if not bar and code == left:
                return True
            if bar and (system in (left, _ANY_SYSTEM)) and (not right or code == right):
                return True
        return False

    def test(resource: Resource) -> bool:
        found = any(fits(system, code) for value in elements(resource, parameter) for system, code in tokens(value))
        return found is not negate

    return test


def _date_test(parameter: Parameter, name: str, values: list[str]) -> Test:
    try:
        wanted = [dates.prefixed(one) for one in values]
    except ValueError as error:
        raise FhirError(400, "value", f"{name}: {error}") from error

    def test(resource: Resource) -> bool:
        spans = (dates.span_of(value) for value in elements(resource, parameter))
        return any(dates.compares(prefix, span, actual) for actual in spans if actual for prefix, span in wanted)

    return test


def _reference_test(parameter: Parameter, values: list[str], base: str) -> Test:
    whole = {target for one in values if (target := reference_target(parameter, one, base)) and "/" in target}
    ids = {one for one in values if "/" not in one and not parameter.target}

    def test(resource: Resource) -> bool:
        for value in elements(resource, parameter):
            text = value.get("reference") if isinstance(value, dict) else None
            if isinstance(text, str):
                plain = local(text, base).partition("/_history/")[0]
                if plain in whole or plain.rpartition("/")[2] in ids:
                    return True
        return False

    return test


def reference_target(parameter: Parameter, value: str, base: str) -> str:
    """The searched reference in full where its type is known: `1` of a patient parameter is `Patient/1`."""
    if "/" in value:
        return local(value, base)
    return f"{parameter.target}/{value}" if parameter.target else value


def _string_test(parameter: Parameter, values: list[str], modifier: str) -> Test:
    wanted = values if modifier == "exact" else [_folded(one) for one in values]

    def test(resource: Resource) -> bool:
        for value in elements(resource, parameter):
            for text in _texts(value):
                if modifier == "exact":
                    found = text in wanted
                else:
                    folded = _folded(text)
                    found = any((one in folded) if modifier == "contains" else folded.startswith(one) for one in wanted)
                if found:
                    return True
        return False

    return test


def _texts(value: Any) -> Iterator[str]:
    """The strings inside a string element or a HumanName."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in ("text", "family", "given", "prefix", "suffix"):
            inner = value.get(part)
            for one in inner if isinstance(inner, list) else [inner]:
                if isinstance(one, str):
                    yield one


def _folded(text: str) -> str:
    """Case and accents removed, as string search wants it (FHIR R4, search.html#string)."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))

"""Owns the reading of one page of search results: its resources, where the next page is, and what went wrong in it."""

from __future__ import annotations

from typing import NamedTuple

from ccm.chart import Gap
from fhir_mappings.outcome import notable_issues
from fhir_mappings.text import quantified
from fhir_mappings.tolerant import Json, line, mapping, mappings


class Page(NamedTuple):
    """One page. `next_url` is as the server gave it: whoever follows it checks its origin first."""

    resources: tuple[Json, ...]
    next_url: str | None
    gaps: tuple[Gap, ...]


def entries(bundle: object, part: str = "Chart") -> Page:
    """Read a searchset Bundle; never raises. `part` names in the gaps, in a person's words, what was searched for.

    One bad entry is a gap and the rest is kept. Included resources (`search.mode` include) are kept beside the
    matches, for care plans need their goals. An OperationOutcome is a gap per issue unless it is merely informative
    (see `outcome.notable_issues`). Anything but a Bundle is one gap.
    """
    page = mapping(bundle)
    kind = page.get("resourceType")
    if kind == "OperationOutcome":
        return Page((), None, _outcome_gaps(page, part))
    if kind != "Bundle":
        return Page((), None, (Gap(part, "the EHR's answer was not a list of results"),))
    resources: list[Json] = []
    gaps: list[Gap] = []
    bad = 0
    rows = page.get("entry", [])
    if not isinstance(rows, list):
        rows = []
        gaps.append(Gap(part, "the EHR's list of results could not be read"))
    for row in rows:
        resource = mapping(mapping(row).get("resource"))
        resource_type = resource.get("resourceType")
        if resource_type == "OperationOutcome":
            gaps.extend(_outcome_gaps(resource, part))
        elif isinstance(resource_type, str):
            resources.append(resource)
        else:
            bad += 1
    if bad:
        gaps.append(
            Gap(part, quantified(bad, "entry of the EHR's answer", "entries of the EHR's answer", "unreadable"))
        )
    return Page(tuple(resources), _next_url(page), tuple(dict.fromkeys(gaps)))


def _outcome_gaps(outcome: Json, part: str) -> tuple[Gap, ...]:
    return tuple(Gap(part, f"the EHR said: {text}") for text in notable_issues(outcome))


def _next_url(page: Json) -> str | None:
    urls = (line(link.get("url")) for link in mappings(page.get("link")) if link.get("relation") == "next")
    return next(filter(None, urls), None)

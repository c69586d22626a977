"""Date searches: partial dates as spans, and each prefix against instants and periods."""

from __future__ import annotations

import pytest

from sandbox_ehr.fhir.dates import compares, prefixed, span, span_of


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026", "2026-01-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00"),
        ("2026-12", "2026-12-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00"),
        ("2024-02", "2024-02-01T00:00:00+00:00", "2024-03-01T00:00:00+00:00"),
        ("2026-10-31", "2026-10-31T00:00:00+00:00", "2026-11-01T00:00:00+00:00"),
        ("2026-10-31T10:15Z", "2026-10-31T10:15:00+00:00", "2026-10-31T10:16:00+00:00"),
        ("2026-10-31T10:15:20-04:00", "2026-10-31T14:15:20+00:00", "2026-10-31T14:15:21+00:00"),
        ("2026-10-31T10:15:20.5Z", "2026-10-31T10:15:20.500000+00:00", "2026-10-31T10:15:20.600000+00:00"),
        ("2026-10-31T10:15:20", "2026-10-31T10:15:20+00:00", "2026-10-31T10:15:21+00:00"),
    ],
)
def test_a_date_covers_the_time_that_its_precision_leaves_open(text: str, start: str, end: str) -> None:
    assert [moment.isoformat() for moment in span(text)] == [start, end]


@pytest.mark.parametrize(
    "text", ["", "26", "2026-13", "2026-02-30", "2026-1-1", "2026-10-01T25:00Z", "today", "2026-10-01 "]
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        span(text)


def test_the_ends_of_the_calendar_do_no_harm() -> None:
    assert span("9999")[1] > span("9999-12-31T23:59:58Z")[0]
    with pytest.raises(ValueError, match="calendar"):
        span("0001-01-01T00:00:00+05:00")


OCTOBER = {"start": "2026-10-01", "end": "2026-10-31"}


@pytest.mark.parametrize(
    ("query", "element", "matches"),
    [
        ("2026-10", "2026-10-15T10:00:00Z", True),
        ("2026-10-15", "2026-10", False),
        ("2026-10", OCTOBER, True),
        ("2026-10-31", OCTOBER, False),
        ("ne2026-10-31", OCTOBER, True),
        ("ge2026-10-01", OCTOBER, True),
        ("ge2026-10-31", OCTOBER, False),
        ("gt2026-10-30", OCTOBER, True),
        ("gt2026-10-31", OCTOBER, False),
        ("lt2026-10-02", OCTOBER, True),
        ("lt2026-10-01", OCTOBER, False),
        ("le2026-10-31", OCTOBER, True),
        ("sa2026-09-30", OCTOBER, True),
        ("sa2026-10-01", OCTOBER, False),
        ("eb2026-11-01", OCTOBER, True),
        ("eb2026-10-31", OCTOBER, False),
        ("ge2026-10-15", "2026-10-15", True),
        ("gt2026-10-15", "2026-10-15T23:59:59Z", False),
        ("lt2026-11-01", "2026-10-31T23:59:59Z", True),
        ("lt2026-11-01T00:00:00-04:00", "2026-11-01T03:59:59Z", True),
        ("lt2026-11-01T00:00:00-04:00", "2026-11-01T04:00:00Z", False),
        ("ge2030", {"start": "2026-10-01"}, True),
        ("le2020", {"end": "2026-10-01"}, True),
        ("eq2026", {"start": "2026-10-01"}, False),
    ],
)
def test_a_prefix_compares_whole_spans(query: str, element: object, matches: bool) -> None:
    prefix, wanted = prefixed(query)
    actual = span_of(element)
    assert actual is not None
    assert compares(prefix, wanted, actual) is matches


@pytest.mark.parametrize("element", ["soon", {}, {"start": 5}, {"start": "soon"}, 7, None])
def test_an_element_that_holds_no_date_has_no_span(element: object) -> None:
    assert span_of(element) is None

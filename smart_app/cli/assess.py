"""Owns `ccm assess`: care months as JSON in, their assessments as JSON out, one line each."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo

import click

from ccm.assess_json import RefusedError, assessment_json, care_month_values, read_care_month
from ccm.assessment import assess as assess_month

_is_zone_name = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*").fullmatch
# In a zoneinfo folder, but not names of the IANA database: the machine's own zone, and zones that count leap seconds.
_NOT_ZONES = ("localtime", "posixrules", "posix/", "right/")


@click.command()
@click.argument("file", default="-", type=click.Path(path_type=str))
@click.option("--pretty", is_flag=True, help="Indent the output.")
@click.pass_context
def assess(context: click.Context, file: str, pretty: bool) -> None:
    """Assess care months: what their time earns, what blocks the claim, what comes next.

    FILE (or standard input) holds one JSON object a line, or one object over many lines. What cannot be taken is
    refused with exit code 2 and one line that names the line and the field.
    """
    try:
        with _opened(file) as lines:
            for text in assessed_lines(lines):
                click.echo(json.dumps(json.loads(text), indent=2) if pretty else text)
    except RefusedError as refused:
        click.echo(f"ccm assess: {refused}", err=True)
        context.exit(2)


def assessed_lines(lines: Iterable[bytes]) -> Iterator[str]:
    """The assessment of each care month as JSON text, in order; holds one care month at a time.

    RefusedError for the first that cannot be taken, its path beginning with the line.
    """
    for number, value in care_month_values(lines):
        try:
            care_month = read_care_month(value, time_zone)
        except RefusedError as refused:
            raise refused.on_line(number) from None
        yield assessment_json(assess_month(care_month))


@lru_cache(maxsize=1024)
def time_zone(name: str) -> ZoneInfo:
    """The zone of an IANA name; LookupError where there is none."""
    if not _is_zone_name(name) or name.startswith(_NOT_ZONES):
        raise LookupError(name)
    try:
        return ZoneInfo(name)
    except (ValueError, OSError):  # a folder of zones, such as "America", or a file that holds none
        raise LookupError(name) from None


def _opened(file: str) -> AbstractContextManager[BinaryIO]:
    if file == "-":
        return nullcontext(sys.stdin.buffer)
    try:
        return Path(file).open("rb")
    except OSError as error:
        raise RefusedError("", f"cannot read the file: {error.strerror}") from None

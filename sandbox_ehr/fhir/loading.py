"""Owns loading: Bundles and NDJSON from files, with their references brought into the form that a server holds."""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sandbox_ehr.fhir.matching import tokens
from sandbox_ehr.fhir.references import Resource, is_id, rewrite
from sandbox_ehr.fhir.store import Store

logger = logging.getLogger(__name__)

_SUFFIXES = (".json", ".ndjson", ".jsonl")


def load_path(store: Store, path: Path) -> int:
    """Loads a file, or all files of a folder and those below it, and returns how many resources came to the store.

    Files are Bundles, single resources or NDJSON of either, gzipped or not. Entries of a Bundle that have no id take
    the UUID of their fullUrl; references to entries become `Type/id`, conditional references too where exactly one
    loaded resource matches. The first of several resources with one type and id counts, and what the store holds
    already stays. What is malformed is kept out and logged. Raises FileNotFoundError where there is no such path.
    """
    gathered: dict[tuple[str, str], Resource] = {}
    for file in _files(path):
        refused = _gather(file, gathered)
        if refused:
            logger.warning("%s: %d malformed rows kept out", file.name, refused)
    _resolve_searches(gathered)
    loaded = [resource for (kind, id_), resource in gathered.items() if store.read(kind, id_) is None]
    for resource in loaded:
        store.put(resource)
    return len(loaded)


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise FileNotFoundError(path)
    if path.is_file():
        return [path]
    return sorted(
        file for file in path.rglob("*") if file.is_file() and file.name.removesuffix(".gz").endswith(_SUFFIXES)
    )


def _gather(file: Path, gathered: dict[tuple[str, str], Resource]) -> int:
    """Adds the resources of a file that are not there yet; returns how many rows were refused."""
    refused = 0
    for document in _documents(file):
        if document.get("resourceType") == "Bundle":
            refused += _gather_bundle(document, gathered)
        elif not _keep(document, gathered):
            refused += 1
    return refused


def _documents(file: Path) -> Iterator[Resource]:
    """The JSON objects of a file: one, or one a line; an empty one stands for each that cannot be read."""
    try:
        raw = file.read_bytes()
        text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8-sig")
    except (OSError, EOFError, ValueError) as error:
        logger.warning("%s cannot be read: %s", file.name, error)
        yield {}
        return
    whole = None if file.name.removesuffix(".gz").endswith((".ndjson", ".jsonl")) else _parse(text)
    for document in [whole] if whole is not None else (_parse(line) for line in text.splitlines() if line.strip()):
        yield document if isinstance(document, dict) else {}


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _keep(resource: Resource, gathered: dict[tuple[str, str], Resource]) -> bool:
    """Takes a resource up unless there is one of its name; False where it is malformed."""
    kind, id_ = resource.get("resourceType"), resource.get("id")
    if not isinstance(kind, str) or not kind.isalpha() or not is_id(id_):
        return False
    gathered.setdefault((kind, str(id_)), resource)
    return True


def _gather_bundle(bundle: Resource, gathered: dict[tuple[str, str], Resource]) -> int:
    rows = bundle.get("entry")
    entries = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    refused = len(rows) - len(entries) if isinstance(rows, list) else 0
    targets: dict[str, str] = {}
    kept = []
    for entry in entries:
        resource, full_url = entry.get("resource"), str(entry.get("fullUrl") or "")
        if isinstance(resource, dict) and "id" not in resource:
            resource["id"] = _id_of(entry, full_url)
        if not isinstance(resource, dict) or not _keep(resource, gathered):
            refused += 1
            continue
        name = (resource["resourceType"], resource["id"])
        if full_url:
            targets[full_url] = "/".join(name)
        if gathered[name] is resource:
            kept.append(resource)
    for resource in kept:
        rewrite(resource, lambda reference: targets.get(reference, reference))
    return refused


def _id_of(entry: Resource, full_url: str) -> str:
    """The id that an entry's resource goes without: from its fullUrl, else from the address that it is put to."""
    if full_url.startswith("urn:uuid:"):
        return full_url.removeprefix("urn:uuid:")
    request = entry.get("request")
    url = full_url or (str(request.get("url") or "") if isinstance(request, dict) else "")
    return url.rpartition("/")[2] if "?" not in url and "/" in url else ""


def _resolve_searches(gathered: dict[tuple[str, str], Resource]) -> None:
    """Conditional references by identifier become `Type/id` where exactly one resource has it; others dangle."""
    by_identifier: dict[tuple[str, str, str], set[str]] = {}
    for (kind, id_), resource in gathered.items():
        identifiers = resource.get("identifier")
        for identifier in identifiers if isinstance(identifiers, list) else []:
            for system, value in tokens(identifier):
                by_identifier.setdefault((kind, system, value), set()).add(id_)

    def target(reference: str) -> str:
        kind, found, token = reference.partition("?identifier=")
        if not found:
            return reference
        system, _, value = token.rpartition("|")
        ids = by_identifier.get((kind, system, value), set())
        return f"{kind}/{next(iter(ids))}" if len(ids) == 1 else reference

    for resource in gathered.values():
        rewrite(resource, target)

"""The project against its own rules: modules, dependencies, the registration sheet, the commands of the Makefile."""

from __future__ import annotations

import ast
import json
import os
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from smart_app.app import create_app
from smart_app.settings import Settings

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("ccm", "fhir_mappings", "smart_app", "sandbox_ehr")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LAUNCH: dict[str, Any] = json.loads((ROOT / "launch.json").read_text())

LONGEST_MODULE = 400
LONGEST_FUNCTION = 60
BROUGHT_ALONG = {"jinja2": "flask", "werkzeug": "flask", "pydantic": "pydantic-settings", "urllib3": "requests"}
"""Imported by us, and certain to be there because another dependency is made of it."""


def requirements(*groups: list[str]) -> dict[str, Requirement]:
    """Requirements by the canonical names of their distributions."""
    parsed = [Requirement(text) for group in groups for text in group]
    return {canonicalize_name(each.name): each for each in parsed}


def imported(tree: ast.Module) -> set[str]:
    """The top-level packages that a module imports, wherever in it."""
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_it_owns_and_stays_small(path: Path) -> None:
    text = path.read_text()
    tree = ast.parse(text)
    assert ast.get_docstring(tree)
    if "migrations" in path.relative_to(ROOT).parts:
        return
    assert len(text.splitlines()) <= LONGEST_MODULE
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert [one.name for one in functions if (one.end_lineno or 0) - one.lineno >= LONGEST_FUNCTION] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_what_a_package_imports_is_declared(package: str) -> None:
    declared = set(requirements(PROJECT["dependencies"]))
    providers = packages_distributions()
    names = set().union(
        *(imported(ast.parse(path.read_text())) for path in MODULES if path.relative_to(ROOT).parts[0] == package)
    )
    third_party = names - set(PACKAGES) - sys.stdlib_module_names
    by = {name: {canonicalize_name(each) for each in providers[name]} for name in third_party - set(BROUGHT_ALONG)}
    assert [name for name, distributions in by.items() if not distributions & declared] == []
    assert {BROUGHT_ALONG[name] for name in third_party & set(BROUGHT_ALONG)} <= declared


def test_every_dependency_has_a_version_that_was_tested() -> None:
    extras = PROJECT["optional-dependencies"]
    pinned = requirements([line for line in (ROOT / "constraints.txt").read_text().splitlines() if line[0] != "#"])
    for name, required in requirements(PROJECT["dependencies"], extras["dev"]).items():
        (version,) = pinned[name].specifier
        assert (version.operator, required.specifier.contains(version.version)) == ("==", True), name


def test_the_registration_sheet_is_of_this_version_and_names_addresses_that_exist(key_file: Path) -> None:
    assert LAUNCH["software_version"] == PROJECT["version"]
    assert (LAUNCH["software_id"], LAUNCH["client_name"]) == (PROJECT["name"], "Cadence")
    named = [LAUNCH[name] for name in ("client_uri", "logo_uri", "jwks_uri", "launch_url", "initiate_login_uri")]
    settings = Settings(database_url="sqlite://", key_file=key_file, public_url=LAUNCH["client_uri"])
    addresses = create_app(settings).url_map.bind("")
    for url in (*named, *LAUNCH["redirect_uris"]):
        assert url.startswith(LAUNCH["client_uri"])
        assert addresses.test(urlsplit(url).path, "GET"), url
    assert (LAUNCH["launch_url"], LAUNCH["redirect_uris"]) == (settings.launch_url, [settings.redirect_uri])


def test_every_target_of_the_makefile_is_explained_and_is_no_file() -> None:
    text = (ROOT / "Makefile").read_text()
    explained = re.findall(r"^([a-z]+):.*## \S", text, re.MULTILINE)
    (phony,) = re.findall(r"^\.PHONY: (.+)$", text, re.MULTILINE)
    assert explained == phony.split()
    assert [name for name in explained if (ROOT / name).exists()] == []


def test_the_gate_can_be_run() -> None:
    assert os.access(ROOT / ".ci/run", os.X_OK)

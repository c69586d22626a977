"""The documentation against the program: every setting, command, option and address stands there, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from ccm.vocabulary import ACTIVITIES, MODALITIES
from smart_app.app import create_app
from smart_app.cli import main
from smart_app.roles import ROLES
from smart_app.settings import Settings

ROOT = Path(__file__).resolve().parent.parent.parent
REFERENCE = ROOT / "docs/reference"
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])

LINK = re.compile(r"\]\(([^)\s]+)\)")
ROW = re.compile(r"^\|(?P<first>[^|\n]*)\|(?P<second>[^|\n]*)\|", re.MULTILINE)
FORBIDDEN = {
    "an absolute path of some machine": re.compile(r"(?<![\w.:/])/(?:work|home|root|Users|tmp|mnt)/"),
    "the address of a package registry": re.compile(r"pypi\.(?:org|python)|pythonhosted|index-url|find-links"),
}


def rows(text: str) -> dict[str, str]:
    """The first two cells of each table row whose first cell is code, without their backquotes."""
    found = ((row["first"].strip(), row["second"].strip().strip("`")) for row in ROW.finditer(text))
    return {first.strip("`"): second for first, second in found if first.startswith("`")}


def commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, with the words by which it is called."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


COMMANDS = dict(commands(main, "ccm"))
SECTIONS = dict(
    part.split("\n", 1) for part in re.split(r"^## ", (REFERENCE / "commands.md").read_text(), flags=re.MULTILINE)[1:]
)


def test_every_setting_is_documented_with_its_default_and_nothing_else() -> None:
    documented = rows((REFERENCE / "settings.md").read_text())
    defaults = {
        f"CCM_{name.upper()}": "none" if field.default is None else str(field.default)
        for name, field in Settings.model_fields.items()
    }
    assert {name: default for name, default in documented.items() if name.startswith("CCM_")} == defaults


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_names_a_setting_that_does_not_exist(page: Path) -> None:
    known = {f"CCM_{name.upper()}" for name in Settings.model_fields}
    used = {name for name in re.findall(r"\bCCM_[A-Z_]*[A-Z]", page.read_text()) if not name.startswith("CCM_TEST_")}
    assert used <= known


def test_every_command_is_documented_and_nothing_else() -> None:
    assert set(SECTIONS) == set(COMMANDS)


@pytest.mark.parametrize("path", COMMANDS)
def test_every_option_of_a_command_is_documented_with_its_default_and_nothing_else(path: str) -> None:
    documented = rows(SECTIONS[path])
    options = {one.opts[-1]: one for one in COMMANDS[path].params if isinstance(one, click.Option)}
    assert set(documented) == {name for name in options if name != "--help"}
    shown = {name: str(one.default) for name, one in options.items() if one.show_default}
    assert {name: documented[name] for name in shown} == shown


@pytest.mark.parametrize("path", COMMANDS)
def test_every_argument_and_choice_of_a_command_is_named(path: str) -> None:
    for parameter in COMMANDS[path].params:
        if isinstance(parameter, click.Argument):
            assert (parameter.metavar or parameter.name or "").upper() in SECTIONS[path]
        if isinstance(parameter.type, click.Choice) and parameter.name != "default_role":
            assert [choice for choice in parameter.type.choices if f"`{choice}`" not in SECTIONS[path]] == []


def test_every_address_is_documented_and_nothing_else(key_file: Path) -> None:
    app = create_app(Settings(database_url="sqlite://", key_file=key_file))
    answered = {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    documented = re.findall(r"^\| (GET|POST|PUT|DELETE) \| `([^`]+)` \|", (REFERENCE / "routes.md").read_text(), re.M)
    assert set(documented) == answered
    assert len(documented) == len(answered)


@pytest.mark.parametrize("word", [*ACTIVITIES, *MODALITIES])
def test_every_activity_and_modality_is_named_with_the_addresses(word: str) -> None:
    assert f"`{word}`" in (REFERENCE / "routes.md").read_text()


@pytest.mark.parametrize("role", ROLES)
def test_every_role_is_explained_to_administrators(role: str) -> None:
    assert f"`{role}`" in (ROOT / "docs/it-admins.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file_that_is_there(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text()) if "://" not in link]
    assert [link for link in links if not (page.parent / link.partition("#")[0]).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_holds_what_is_true_on_one_machine_only(page: Path) -> None:
    text = page.read_text()
    assert [what for what, pattern in FORBIDDEN.items() if pattern.search(text)] == []


def test_every_decision_is_listed_once_under_its_title() -> None:
    folder = ROOT / "docs/adr"
    listed = re.findall(r"^\| \[(\d{4})\]\(([^)]+)\) \| (.+) \|$", (folder / "README.md").read_text(), re.MULTILINE)
    titles = {page.name: page.read_text().splitlines()[0] for page in folder.glob("[0-9]*.md")}
    assert {name: f"# {number}: {title}" for number, name, title in listed} == titles

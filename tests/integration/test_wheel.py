"""The wheel as a release makes it, installed in an environment of its own and run from there, not from the checkout."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("ccm", "fhir_mappings", "smart_app", "sandbox_ehr")
PLACES = {"static": "smart_app/static", "launch.json": "smart_app/launch.json"}
"""What stands beside the packages in the checkout, and inside one in the wheel."""


@dataclass(frozen=True, slots=True)
class Installation:
    """An environment with nothing of ours but the wheel, and a folder for its database."""

    scripts: Path
    folder: Path

    def run(self, program: str, *arguments: str) -> str:
        """What a program of the environment prints; it must succeed."""
        return run([self.scripts / program, *arguments], cwd=self.folder, env=self.environment())

    def environment(self, **settings: str) -> dict[str, str]:
        """Nothing of the checkout's environment."""
        return {"PATH": os.environ["PATH"], "CCM_DATABASE_URL": f"sqlite:///{self.folder}/clinic.db", **settings}


def run(command: list[str | Path], **options: object) -> str:
    """What a command prints; it must succeed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stdout + done.stderr
    return str(done.stdout)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, made from the source distribution, so that this one is known to be whole too."""
    folder = tmp_path_factory.mktemp("dist")
    run([sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT])
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The wheel in a new environment, which borrows the libraries of this one but not the checkout."""
    folder = tmp_path_factory.mktemp("clinic")
    home = folder / "environment"
    venv.create(home, with_pip=False, symlinks=True)
    places = {"base": str(home), "platbase": str(home)}
    site_packages = Path(sysconfig.get_path("purelib", "venv", vars=places))
    (site_packages / "borrowed.pth").write_text(sysconfig.get_path("purelib"))
    scripts = Path(sysconfig.get_path("scripts", "venv", vars=places))
    run([sys.executable, "-m", "pip", "--python", scripts / "python", "install", "--no-deps", "--no-index", wheel])
    return Installation(scripts, folder)


@pytest.fixture(scope="module")
def address(installed: Installation) -> Iterator[str]:
    """The address of the installed application, served on a new database; it has no registration yet."""
    installed.run("ccm", "db", "upgrade")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        number = listening.fileno()
        environment = installed.environment(CCM_BIND=f"fd://{number}", CCM_DELIVERY="off")
        server = subprocess.Popen(
            [installed.scripts / "ccm", "serve"], cwd=installed.folder, env=environment, pass_fds=[number]
        )
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.terminate()
            server.wait(20)


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert packed == {_in_wheel(path) for top in (*PACKAGES, *PLACES) for path in _files(ROOT / top)}


def test_what_is_imported_comes_from_the_wheel(installed: Installation) -> None:
    names = ", ".join(PACKAGES)
    places = installed.run("python", "-c", f"import {names}\nfor each in ({names}): print(each.__file__)").splitlines()
    assert len(places) == len(PACKAGES)
    assert all(Path(place).is_relative_to(installed.folder / "environment") for place in places), places


def test_the_installed_command_knows_its_version(installed: Installation, wheel: Path) -> None:
    assert installed.run("ccm", "--version").split()[-1] == wheel.name.split("-")[1]


@pytest.mark.parametrize("path", ["/", "/static/cadence.css", "/static/panel.js", "/static/icon.svg", "/healthz"])
def test_the_installed_application_serves(address: str, path: str) -> None:
    answer = requests.get(address + path, timeout=20)
    assert (answer.status_code, bool(answer.content)) == (200, True)


def test_the_installed_application_is_not_ready_before_an_ehr_is_registered(address: str) -> None:
    answer = requests.get(f"{address}/readyz", timeout=20)
    assert (answer.status_code, answer.json()) == (503, {"database": True, "registration": False})


def test_the_installed_sandbox_lists_its_own_patients(installed: Installation) -> None:
    program = (
        "import requests\n"
        "from sandbox_ehr.config import SandboxConfig\n"
        "from sandbox_ehr.server import SandboxServer\n"
        "with SandboxServer(SandboxConfig()) as server: print(requests.get(server.base_url + '/', timeout=20).text)"
    )
    listed = installed.run("python", "-c", program)
    assert listed.count('href="/chart/') >= len(list((ROOT / "sandbox_ehr/patients").glob("*.json")))


def _files(top: Path) -> Iterator[Path]:
    if top.is_file():
        yield top
    yield from (path for path in top.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def _in_wheel(path: Path) -> str:
    first, *rest = path.relative_to(ROOT).parts
    return "/".join((PLACES.get(first, first), *rest))

"""The command line `ccm`: one module for each command, loaded when it is called."""

from __future__ import annotations

import importlib

import click

_COMMANDS = {
    "admin": "smart_app.cli.admin:admin",
    "assess": "smart_app.cli.assess:assess",
    "check": "smart_app.cli.check:check",
    "db": "smart_app.cli.db:db",
    "demo": "smart_app.cli.demo:demo",
    "import": "smart_app.cli.import_:import_",
    "rebuild": "smart_app.cli.rebuild:rebuild",
    "registrations": "smart_app.cli.registrations:registrations",
    "sandbox": "smart_app.cli.sandbox:sandbox",
    "serve": "smart_app.cli.serve:serve",
    "settings": "smart_app.cli.settings:settings",
    "staff": "smart_app.cli.staff:staff",
    "users": "smart_app.cli.users:users",
    "worker": "smart_app.cli.worker:worker",
}


class _LazyGroup(click.Group):
    """Loads a command's module only when it is needed: `ccm --help` must not import a web server."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        place = _COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="cadence-ccm", prog_name="ccm")
def main() -> None:
    """Cadence: Chronic Care Management inside the chart.

    Settings are CCM_… environment variables; `ccm settings` lists them.
    """

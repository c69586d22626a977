"""Owns `ccm sandbox`: a small EHR on this machine, for demonstration and tests."""

from __future__ import annotations

from pathlib import Path

import click

from sandbox_ehr.config import Client, SandboxConfig

CLIENT_ID = "cadence"


@click.command()
@click.option("--port", default=8001, show_default=True, help="Port on the loopback interface.")
@click.option("--app-url", default="http://localhost:8000", show_default=True, help="Where Cadence is served.")
@click.option("--data", type=click.Path(path_type=Path, exists=True), help="Bundles or NDJSON, a file or a folder.")
@click.option(
    "--profile",
    type=click.Choice(["open", "epic", "oracle", "readonly"]),
    default="open",
    show_default=True,
    help="Which vendor's limits to imitate.",
)
@click.option("--upstream", help="Base URL of a FHIR server to put this EHR's sign-in in front of.")
def sandbox(port: int, app_url: str, data: Path | None, profile: str, upstream: str | None) -> None:
    """Run the sandbox EHR: charts, SMART sign-in and FHIR R4, on loopback only. All its patients are synthetic."""
    from sandbox_ehr.server import run

    config = sandbox_config(port, app_url, data=data, profile=profile, upstream=upstream)
    try:
        run(config, "127.0.0.1", port, ready=lambda: click.echo(f"The sandbox EHR is at {config.base_url}/"))
    except OSError as error:
        raise click.ClickException(f"Port {port}: {error.strerror}.") from None


def sandbox_config(port: int, app_url: str, *, data: Path | None, profile: str, upstream: str | None) -> SandboxConfig:
    """A sandbox that knows Cadence at `app_url` as a client which signs its assertions."""
    client = Client(
        client_id=CLIENT_ID,
        name="Cadence",
        redirect_uris=(f"{app_url}/callback",),
        auth_method="private_key_jwt",
        jwks_uri=f"{app_url}/.well-known/jwks.json",
        grant_types=("authorization_code", "refresh_token", "client_credentials"),
    )
    return SandboxConfig(
        base_url=f"http://127.0.0.1:{port}",
        app_launch_url=f"{app_url}/launch",
        app_login_url=f"{app_url}/login",
        data=data,
        profile=profile,
        upstream=upstream,
        clients=(client,),
    )

"""Owns `ccm worker`: delivery as a process of its own, any number of them."""

from __future__ import annotations

import signal

import click

from smart_app.cli.wiring import opened_services
from smart_app.outbox.delivery import deliver_due
from smart_app.outbox.worker import Worker


@click.command()
@click.option("--once", is_flag=True, help="Deliver what is due now, then end.")
def worker(once: bool) -> None:
    """File waiting entries in the EHRs' charts, until stopped."""
    with opened_services() as services:
        if once:
            taken = 0
            since = services.clock()
            while batch := deliver_due(services, since=since):
                taken += batch
            click.echo(f"{taken} deliveries tried.")
            return
        loop = Worker(services)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: loop.stop())
        loop.run()

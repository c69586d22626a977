"""Lets `python -m smart_app.cli` be `ccm`."""

from smart_app.cli import main

main(prog_name="ccm")

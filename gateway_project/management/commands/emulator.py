"""`manage.py emulator`: the stand-in for Google alone, for those who want to point something at it."""

from __future__ import annotations

import signal
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from emulator import Emulator, Style


class Command(BaseCommand):
    help = "Runs the emulator, a stand-in for Google, until Ctrl-C. It takes any refresh token and any API key."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8046)
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--strict", action="store_true", help="only accounts added through /emulator/accounts")
        parser.add_argument("--gap", type=float, default=0.03, help="seconds between the events of a stream")

    def handle(self, *args: Any, **options: Any) -> None:
        style = Style(gap=options["gap"])
        google = Emulator(
            host=options["host"], port=options["port"], any_credentials=not options["strict"], style=style
        )
        asked_to_stop = {signal.SIGINT, signal.SIGTERM}
        # Blocked before the emulator's thread starts, so that they come to nobody but sigwait.
        signal.pthread_sigmask(signal.SIG_BLOCK, asked_to_stop)
        with google:
            self.stdout.write(
                f"Emulating Google at {google.url} (how to steer it: {google.url}/emulator). Ctrl-C stops it."
            )
            signal.sigwait(asked_to_stop)

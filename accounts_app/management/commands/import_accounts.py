"""Connect every account in a file, with a result for each."""

import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts_app import http_client
from accounts_app.actions import import_formats, importing
from accounts_app.actions.import_formats import ImportEntry
from accounts_app.actions.importing import Result


class Command(BaseCommand):
    help = (
        'Connect every account in FILE: JSON such as [{"email", "refresh_token"}], lines of any kind that hold refresh '
        "tokens (1//…) or Gemini API keys (AIza…, AQ.…), or the credential files of other tools. "
        "A folder stands for the JSON files in it, - for standard input."
    )
    requires_system_checks = ("gateway",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument("--proxy", default="", metavar="URL", help="the egress of accounts that bring none")

    def handle(self, *, files: list[str], proxy: str, **options: Any) -> None:
        if proxy and not http_client.is_proxy(proxy):
            raise CommandError("--proxy is the URL of an http, https or socks5 proxy.")
        found = import_formats.with_distinct_labels(chain.from_iterable(_entries(name) for name in files))
        entries = [_behind(proxy, entry) for entry in found]
        if not entries:
            raise CommandError("No account found there.")
        results: Counter[Result] = Counter()
        with importing.asking_google() as identify:
            for number, imported in enumerate(importing.import_all(entries, identify), 1):
                results[imported.result] += 1
                line = ": ".join(filter(None, (imported.name, imported.result.value, imported.why)))
                self.stdout.write(f"{number}/{len(entries)} {imported.place}: {line}")
        self.stdout.write(", ".join(f"{count} {result.value}" for result, count in sorted(results.items())))
        if results[Result.REFUSED] == len(entries):
            raise CommandError("No account was imported.")


def _behind(proxy: str, entry: ImportEntry) -> ImportEntry:
    if entry.new is None or entry.new.proxy_url:
        return entry
    return replace(entry, new=replace(entry.new, proxy_url=proxy))


def _entries(name: str) -> Iterator[ImportEntry]:
    if name == "-":
        return import_formats.read(sys.stdin.read())
    path = Path(name)
    try:
        if path.is_dir():
            return chain.from_iterable(
                import_formats.placed(file.name, import_formats.read(file.read_text(encoding="utf-8")))
                for file in sorted(path.glob("*.json"))
            )
        return import_formats.read(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{name} cannot be read: {error}") from error

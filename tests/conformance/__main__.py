"""Run Google's suite: `python -m tests.conformance [for pytest …]`. With arguments, excuses need not be in use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from emulator import Emulator
from emulator.state.models import MODELS
from tests.conformance.excused import HERE, Outcome, below_the_suite, excuses, judge, recorded
from tests.live.clients.install import NotInstalled, install
from tests.live.running import Gateway

SUITES = ("google-genai-3-suite", "google-genai-2-suite")
# Those that the suite calls besides the emulator's usual ones.
OLDER_MODELS = (
    *("gemini-2.0-flash-001", "gemini-2.0-flash-preview-image-generation", "gemini-2.5-computer-use-preview-10-2025"),
    *("gemini-2.5-flash-preview-tts-voice-replication-rev22-2025-10-28", "gemini-2.0-flash-exp", "gemini-4-argon"),
    *("gemini-embedding-2-preview", "veo-2.0-generate-001"),
)
FILM = (24).to_bytes(4, "big") + b"ftypisom" + bytes(4) + b"isommp42"  # the suite looks for one to download
OPTIONS = (
    *("-q", "--tb=short", "--no-summary", "--timeout=60", "--mode=api", "-p", "no:cacheprovider"),
    "--continue-on-collection-errors",
)
RUN_TO_ITS_END = (0, 1, 5)  # all tests passed, some failed, all files were skipped


def main(arguments: list[str]) -> int:
    """0 where every test of every suite passed or is excused, and every excuse is needed by one of them."""
    known, failed, needless = excuses(), False, list[set[str]]()
    for suite in SUITES:
        print(f"\n{suite}", flush=True)
        try:
            verdict = judge(run(install(suite), arguments), known)
        except NotInstalled as reason:
            print(f"{suite} cannot be installed: {reason}")
            return 1
        print("\n".join(verdict.lines()), flush=True)
        failed |= bool(verdict.failed)
        needless.append(set(verdict.needless))
    unused = set() if arguments else set.intersection(*needless)
    print("\n".join(f"EXCUSED WITHOUT NEED {pattern}" for pattern in sorted(unused)))
    return int(failed or bool(unused))


def run(place: Path, arguments: list[str]) -> dict[str, Outcome]:
    """The outcome of every test of the suite that is installed in `place`; that it was interrupted is one more."""
    place = place.resolve()  # by another way to it the package would be imported twice
    with (
        tempfile.TemporaryDirectory(prefix="conformance-") as folder,
        Emulator(job_seconds=0.2, recorded=recorded()) as google,
        Gateway(google, {"GATEWAY_MAX_WAIT": "0"}) as gateway,
    ):
        models = [*(model.id for model in MODELS), *OLDER_MODELS]
        account = google.add_account("conformance@example.com", models=models)
        google.add_file(account, FILM)
        entry = {"kind": "gemini_api", "email": account.email, "api_key": account.api_key}
        gateway.manage("import_accounts", "-", said=json.dumps([entry]))
        # With one key only, every project is its tenant's own, so that names it has not made are asked of upstream.
        gateway.manage("revoke_key", "default")
        gateway.start()
        return dict(ask(place, gateway, Path(folder), arguments))


def ask(place: Path, gateway: Gateway, home: Path, arguments: list[str]) -> Iterator[tuple[str, Outcome]]:
    """Run the suite, each folder in a process of its own: what tests of one leave behind would trip those of others."""
    (package,) = place.glob("lib/python*/site-packages/google/genai")
    outcomes = home / "outcomes.jsonl"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": str(HERE),
        "GOOGLE_GEMINI_BASE_URL": gateway.url,
        "GOOGLE_API_KEY": gateway.key,
        "GOOGLE_GENAI_RUN_GEMINI_ONLY_IN_API_MODE": "1",
        "GOOGLE_GENAI_REPLAYS_DIRECTORY": str(home),
        "OUTCOMES": str(outcomes),
    }
    # Not this project's own: the environment is a folder of it.
    configuration = home / "pytest.ini"
    configuration.write_text(
        "[pytest]\nconsider_namespace_packages = true\nasyncio_default_fixture_loop_scope = function\n"
    )
    at = ("-c", str(configuration), "--rootdir", str(package), "--confcutdir", str(package))
    # -P: where the suite finds its media, the package's own modules would be taken for Python's.
    command = [str(place / "bin" / "python"), "-P", "-m", "pytest", "-p", "plugin", *OPTIONS, *at]
    folders = sorted({path.relative_to(package).parts[1] for path in package.glob("tests/*/**/test_*.py")})
    for part in [arguments] if arguments else [[f"tests/{folder}"] for folder in folders]:
        print(*part, flush=True)
        done = subprocess.run([*command, *part], cwd=package, env=environment, stdin=subprocess.DEVNULL, check=False)
        if done.returncode not in RUN_TO_ITS_END:
            yield " ".join(part), Outcome("failed", f"pytest ended with {done.returncode}")
    yield from read(outcomes)


def read(outcomes: Path) -> Iterator[tuple[str, Outcome]]:
    """Of a test that passed, but whose fixture failed afterwards, the failure is the last word."""
    for line in outcomes.read_text().splitlines() if outcomes.exists() else ():
        noted = json.loads(line)
        test = below_the_suite(noted.pop("test"))
        yield test, Outcome(**noted)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Installs the SDKs on demand, each into a directory of its own: no two of them, nor the gateway, agree on libraries.

    python -m tests.live.clients.install

What is there already and was made from the same list of requirements is left alone.
"""

from __future__ import annotations

import fcntl
import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Git ignores it, and it goes when the virtual environment goes.
HOME = HERE.parent.parent.parent / ".venv" / "clients"
PATIENCE = 240.0
OLDEST_NODE = 20


class NotInstalled(Exception):
    """The SDK cannot be had on this machine; says why in one line."""


def install(name: str) -> Path:
    """The directory of one SDK, ready for use: a virtual environment, or one with node_modules.

    1. Wait for anyone who is installing the same.
    2. If the stamp tells the same requirements, it is there.
    3. Otherwise start afresh, install, and stamp last. Raises NotInstalled.
    """
    HOME.mkdir(parents=True, exist_ok=True)
    place = HOME / name
    with (HOME / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp, wanted = place / "stamp", _stamp_of(name)
        if not (stamp.is_file() and stamp.read_text() == wanted):
            shutil.rmtree(place, ignore_errors=True)
            if _is_of_node(name):
                _install_node(place, HERE / name / "package.json")
            else:
                _install_python(place, HERE / f"{name}.txt")
            stamp.write_text(wanted)
    for script in (HERE / name).glob("*.mjs"):
        shutil.copy(script, place)  # node looks for its modules beside the script
    return place


def install_all(names: list[str]) -> dict[str, Path | str]:
    """Each SDK's directory, or why it is not there; all at the same time."""
    with ThreadPoolExecutor(len(names)) as pool:
        return dict(zip(names, pool.map(_directory_or_reason, names), strict=True))


def _directory_or_reason(name: str) -> Path | str:
    try:
        return install(name)
    except NotInstalled as reason:
        return f"{name} cannot be installed: {reason}"


def _stamp_of(name: str) -> str:
    wanted = HERE / name / "package.json" if _is_of_node(name) else HERE / f"{name}.txt"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return f"{hashlib.sha256(wanted.read_bytes()).hexdigest()} python {version}\n"


def _is_of_node(name: str) -> bool:
    return (HERE / name / "package.json").is_file()


def _install_python(place: Path, requirements: Path) -> None:
    """Our own pip fills the new environment: it need not get one of its own first."""
    venv.create(place, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--python", str(place / "bin" / "python"), "--disable-pip-version-check"]
    _run([*pip, "install", "--quiet", "--no-input", "--retries", "1", "--requirement", str(requirements)])


def _install_node(place: Path, package: Path) -> None:
    if not (shutil.which("node") and shutil.which("npm")):
        raise NotInstalled("node and npm are not on this machine")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
    major = re.match(r"v(\d+)", version)
    if not major or int(major[1]) < OLDEST_NODE:
        raise NotInstalled(f"node is {version.strip() or 'broken'}, {OLDEST_NODE} is needed")
    place.mkdir()
    shutil.copy(package, place)
    # Without a lock file: it would name the registry of whoever made it.
    quiet = ["--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1"]
    _run(["npm", "install", *quiet], cwd=place)


def _run(command: list[str], cwd: Path | None = None) -> None:
    with tempfile.TemporaryFile("w+") as said:
        try:
            done = subprocess.run(command, cwd=cwd, stdout=said, stderr=said, timeout=PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            raise NotInstalled(f"no end after {PATIENCE:.0f} s") from None
        if done.returncode:
            said.seek(0)
            errors = [line.strip() for line in said if line.startswith(("ERROR:", "npm error"))]
            raise NotInstalled(errors[0][:200] if errors else f"{command[0]} ended with {done.returncode}")


if __name__ == "__main__":
    names = [path.stem for path in HERE.glob("*.txt")] + [path.parent.name for path in HERE.glob("*/package.json")]
    for told in install_all(sorted(names)).values():
        print(told)

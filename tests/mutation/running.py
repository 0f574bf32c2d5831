"""Runs the tests of a module against one of its mutants, in a forked process: nothing on disk is touched."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
from collections.abc import Sequence
from enum import StrEnum
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType

import hypothesis
import msgspec  # noqa: F401  (the forked processes find it loaded)
import pytest

from tests.documents import ROOT

MEMORY = 4 << 30  # bytes of address space; a mutant may allocate without end
WAITING = 600  # seconds until a mutant is stuck that uses no CPU
PLAIN = [
    "-x", "-q", "-W", "error", "-c", os.devnull, f"--rootdir={ROOT}", "-p", "no:cacheprovider",
    "--noconftest", "--assert=plain",
]  # fmt: skip


class Result(StrEnum):
    KILLED = "killed"
    SURVIVED = "survived"
    STUCK = "stuck"


def prepare() -> None:
    """Sets up what all forked processes share: no plugins, and the same examples each time."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    hypothesis.settings.register_profile(
        "mutants",
        database=None,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    hypothesis.settings.load_profile("mutants")


def result_of(module: str, code: CodeType | None, tests: Sequence[Path], patience: int) -> tuple[Result, float]:
    """The result of the tests with the module made of `code` (None: the real module), and the CPU seconds they took.

    After `patience` seconds of CPU they are stuck.
    """
    child = os.fork()
    if child == 0:
        _judge(module, code, tests, patience)
    _, status, used = os.wait4(child, 0)
    ended = os.waitstatus_to_exitcode(status)
    if ended in (-signal.SIGXCPU, -signal.SIGALRM):
        result = Result.STUCK
    else:
        result = Result.KILLED if ended else Result.SURVIVED
    return result, used.ru_utime + used.ru_stime


def _judge(module: str, code: CodeType | None, tests: Sequence[Path], patience: int) -> None:
    """Never returns."""
    status = 70
    with contextlib.suppress(BaseException):
        silence = os.open(os.devnull, os.O_WRONLY)
        for stream in (1, 2):
            os.dup2(silence, stream)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (patience, patience + 1))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.alarm(WAITING)
        if code is not None:
            sys.meta_path.insert(0, _Mutated(module, code))
        status = int(pytest.main([*PLAIN, *map(str, tests)]))
    os._exit(status)


class _Mutated(MetaPathFinder, Loader):
    """Loads one module from other code than that of its file."""

    def __init__(self, name: str, code: CodeType) -> None:
        self.name, self.code = name, code

    def find_spec(self, fullname: str, path: object, target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname != self.name:
            return None
        package = Path(self.code.co_filename).name == "__init__.py"
        within = [str(Path(self.code.co_filename).parent)] if package else None
        return spec_from_file_location(fullname, self.code.co_filename, loader=self, submodule_search_locations=within)

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        exec(self.code, module.__dict__)

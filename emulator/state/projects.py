"""The projects of the emulated Google: what several keys share, which is quota and everything they have made."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from emulator.state.accounts import Account
from emulator.state.quota import Quota
from emulator.state.resources.caches import Caches
from emulator.state.resources.files import Files
from emulator.state.resources.interactions.agents import Agents
from emulator.state.resources.interactions.environments import Environments
from emulator.state.resources.interactions.interactions import Interactions
from emulator.state.resources.interactions.related.related import Related
from emulator.state.resources.jobs import Jobs
from emulator.state.resources.older import Older
from emulator.state.resources.stores import Stores


@dataclass(slots=True)
class Project:
    """One project: its id, its number (twelve digits), the quota of its keys, and its resources by kind."""

    id: str
    number: str
    quota: Quota = field(repr=False)
    caches: Caches = field(default_factory=Caches, repr=False)
    files: Files = field(default_factory=Files, repr=False)
    jobs: Jobs = field(default_factory=Jobs, repr=False)
    stores: Stores = field(default_factory=Stores, repr=False)
    older: Older = field(default_factory=Older, repr=False)
    interactions: Interactions = field(default_factory=Interactions, repr=False)
    agents: Agents = field(default_factory=Agents, repr=False)
    environments: Environments = field(default_factory=Environments, repr=False)
    related: Related = field(default_factory=Related, repr=False)


class Projects:
    """All projects, made when first asked for. Used under the state's lock."""

    def __init__(self) -> None:
        self._by_id: dict[str, Project] = {}

    def of(self, account: Account) -> Project:
        """The project of an account; one without a project's name has one of its own."""
        name = account.project or account.email
        project = self._by_id.get(name)
        if project is None:
            project = self._by_id[name] = Project(name, _number(name), account.quota)
        return project

    def all(self) -> list[Project]:
        return list(self._by_id.values())

    def clear(self) -> None:
        self._by_id.clear()


def _number(name: str) -> str:
    """The same for the same name."""
    return str(10**11 + int(hashlib.sha256(name.encode()).hexdigest(), 16) % (9 * 10**11))

"""What projects use, where an operator limits that: counted in memory at once, and over all nodes within a second.

As with API keys, several nodes may overshoot by what they begin within the same one or two seconds, and tokens count
when a call ends. A project without limits is not counted.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from django.db import transaction
from django.db.models import F

from accounts_app.models import Project, ProjectUse
from accounts_app.pool.access.project_limits import NO_PROJECT_LIMITS, ProjectMeter
from accounts_app.pool.choice.board import Board
from accounts_app.roster import ProjectView, Roster
from accounts_app.storage import journal
from accounts_app.storage.shared_sums import Learnt, Place, SharedSums, moment
from accounts_app.storage.upsert import add_up

PROJECT_USE = "project_use"
HOUR = 3600


@dataclass(frozen=True, slots=True)
class ProjectUseRow:
    """A part of a project's use at `at` (seconds, epoch)."""

    project: int
    at: float
    requests: int = 0
    tokens: int = 0


class ProjectUsage:
    """The meters of one process, and the limits on its board. `now` is monotonic, `wall` the wall clock.

    `limited` are the projects that have limits, by id.
    """

    def __init__(self, board: Board) -> None:
        self._board = board
        self._meters: dict[int, ProjectMeter] = {}
        self.limited: dict[int, ProjectView] = {}

    def __repr__(self) -> str:
        return f"<ProjectUsage of {len(self.limited)} projects with limits>"

    def catch_up(self, snapshot: Roster, now: float, wall: float) -> None:
        """Take over the limits of a snapshot."""
        before = self.limited
        self.limited = {key: each for key, each in snapshot.projects.items() if each.limits != NO_PROJECT_LIMITS}
        for gone in before.keys() - self.limited.keys():
            self._meters.pop(gone, None)
            self._board.limit(gone, None, now)
        for project, view in self.limited.items():
            if before.get(project) != view:
                self._check(view, now, wall)

    def add(self, account: int, requests: int, tokens: int, now: float, wall: float) -> None:
        """An exchange of the account begins, or has used tokens."""
        view = self.limited.get(self._board.membership.owner_of(account) or 0)
        if view is not None:
            self._meter(view.id).add(requests, tokens, wall, now)
            journal.append(PROJECT_USE, ProjectUseRow(view.id, wall, requests, tokens))
            self._check(view, now, wall)

    def learn(self, news: Iterable[Learnt], now: float, wall: float) -> None:
        """Other nodes have used this."""
        for each in news:
            if (view := self.limited.get(each.key)) is not None:
                meter = self._meter(each.key)
                meter.learn(each.moment, each.requests, each.tokens, wall, now, just_now=each.just_now)
                self._check(view, now, wall)

    def _meter(self, project: int) -> ProjectMeter:
        meter = self._meters.get(project)
        if meter is None:
            meter = self._meters[project] = ProjectMeter()
        return meter

    def _check(self, view: ProjectView, now: float, wall: float) -> None:
        self._board.limit(view.id, self._meter(view.id).frees_at(view.limits, wall, now), now)


def _new_sums() -> SharedSums:
    return SharedSums(ProjectUse, ("project_id", "hour"), F("tokens"))


_sums = _new_sums()


def reset() -> None:
    """Forget what was written and read. For tests."""
    global _sums
    _sums = _new_sums()


def news(wall: float) -> list[Learnt]:
    """What other nodes, and this one before it was started, have added since the last call. On the database thread."""
    return _sums.news(moment(wall))


def write(rows: list[ProjectUseRow]) -> None:
    """Add to the sums of their hours."""
    sums: dict[Place, list[int]] = defaultdict(lambda: [0, 0])
    there = set(Project.objects.filter(pk__in={row.project for row in rows}).values_list("pk", flat=True))
    for row in rows:
        if row.project in there:
            place = sums[row.project, moment(row.at // HOUR * HOUR)]
            place[0] += row.requests
            place[1] += row.tokens
    stamp = datetime.now(UTC)
    add_up(
        ProjectUse,
        ("project", "hour"),
        [
            {"project": project, "hour": hour, "requests": requests, "tokens": tokens, "updated_at": stamp}
            for (project, hour), (requests, tokens) in sums.items()
        ],
        newest=("updated_at",),
    )
    # Only after the commit: a batch that fails is written again.
    own = {place: (requests, tokens) for place, (requests, tokens) in sums.items()}
    transaction.on_commit(partial(_sums.note_own, own))


journal.register(PROJECT_USE, write, droppable=True)

"""Where would this name go? The route a model's name takes, and which accounts would answer for it now."""

import json
from collections import Counter
from dataclasses import dataclass, replace
from time import time

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin
from django.utils.translation import gettext as _

from accounts_app import roster
from accounts_app.roster import RosterUnavailable, Route
from accounts_app.status import explain
from accounts_app.status.explain import Label, Line

# Of ten thousand accounts these many are shown, those who would answer first; “Why not this account?” shows all.
SHOWN = 25


@dataclass(frozen=True, slots=True)
class Answer:
    """What becomes of a call for `asked`: `able` of the accounts, whose standings are counted, would answer it now."""

    asked: str
    target: str
    route: Route | None
    pins: str
    lines: list[Line]
    hidden: int
    able: int
    counts: list[tuple[Label, int]]

    @property
    def exact(self) -> bool:
        return self.route is not None and "*" not in self.route.pattern


def tested(asked: str, user: AbstractBaseUser | AnonymousUser) -> Answer | None:
    """The answer for a model's name as a client would write it; None while the gateway knows nothing yet.

    Accounts are named by id for those who may not see them.
    """
    asked = asked.strip().removeprefix("models/")
    now = time()
    try:
        routes = roster.current().routes
        route, target = routes.find(asked), routes.resolve(asked)
        found = explain.eligibility(target, now)
        lines = explain.in_words(found[:SHOWN], target, now)
    except RosterUnavailable:
        return None
    if not (isinstance(user, PermissionsMixin) and user.has_perm("accounts_app.view_account")):
        lines = [replace(line, email=_("account %(id)s") % {"id": line.account}, why="") for line in lines]
    counted = Counter(one.status for one in found)
    return Answer(
        asked=asked,
        target=target,
        route=route,
        pins=json.dumps(route.generation_config, indent=2) if route and route.generation_config else "",
        lines=lines,
        hidden=max(0, len(found) - SHOWN),
        able=sum(one.eligible for one in found),
        counts=[(words, counted[standing]) for standing, words in explain.LABELS.items() if counted[standing]],
    )

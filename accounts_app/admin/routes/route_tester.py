"""The route tester: where a model's name leads, and which accounts could answer for it now."""

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

# Of ten thousand accounts these many are shown, the eligible ones first; “Account eligibility” shows all.
SHOWN = 25


@dataclass(frozen=True, slots=True)
class Answer:
    """Where a call for `asked` goes. `able` accounts could answer it now; `counts` are all accounts by status."""

    asked: str
    target: str
    route: Route | None
    defaults: str
    lines: list[Line]
    hidden: int
    able: int
    counts: list[tuple[Label, int]]

    @property
    def exact(self) -> bool:
        return self.route is not None and "*" not in self.route.pattern


def tested(asked: str, user: AbstractBaseUser | AnonymousUser) -> Answer | None:
    """The answer for a model's name as a client would write it; None before the first reading of the database.

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
        lines = [replace(line, email=_("account %(id)s") % {"id": line.account}, reason="") for line in lines]
    counted = Counter(one.status for one in found)
    return Answer(
        asked=asked,
        target=target,
        route=route,
        defaults=json.dumps(route.generation_config, indent=2) if route and route.generation_config else "",
        lines=lines,
        hidden=max(0, len(found) - SHOWN),
        able=sum(one.eligible for one in found),
        counts=[(words, counted[status]) for status, words in explain.LABELS.items() if counted[status]],
    )

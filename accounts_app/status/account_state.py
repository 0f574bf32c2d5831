"""How an account is, in words: for the console's list and the command's."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts_app.models import Account, Rest
from accounts_app.pool.outcomes import GUESSES


@dataclass(frozen=True, slots=True)
class State:
    """`tone` is one of the console's colours: success, info, warning, danger."""

    words: str | Promise
    tone: str


def with_cooldowns(accounts: QuerySet[Account]) -> QuerySet[Account]:
    """The accounts with what `state_of` reads, in a fixed number of queries; no secret is read."""
    now = timezone.now()
    return accounts.defer("proxy_url").prefetch_related(
        Prefetch("rests", Rest.objects.filter(until__gt=now).order_by("until"), to_attr="current_cooldowns")
    )


def state_of(account: Account, now: datetime | None = None) -> State:
    """How an account that came through `with_cooldowns` is at `now`."""
    now = now or timezone.now()
    if not account.enabled:
        return State(_("disabled"), "info")
    if account.parked:
        return State(_("parked: %(why)s") % {"why": account.get_parked_display()}, "danger")
    current = [rest for rest in account.current_cooldowns if rest.until > now]  # type: ignore[attr-defined]
    rests = [rest for rest in current if rest.reason not in GUESSES]
    if whole := [rest for rest in rests if not rest.model]:
        return State(_("resting for %(time)s") % {"time": spoken(whole[0].until - now)}, "warning")
    if rests:
        words = ngettext("resting for %(count)d model", "resting for %(count)d models", len(rests))
        return State(words % {"count": len(rests)}, "warning")
    if current:
        words = ngettext("stands last for %(count)d model", "stands last for %(count)d models", len(current))
        return State(words % {"count": len(current)}, "warning")
    return State(_("ready"), "success")


def spoken(span: timedelta) -> str:
    """A span as people say it: `40 s`, `12 min`, `3 h 5 min`, `2 d 4 h`."""
    seconds = max(0, round(span.total_seconds()))
    if seconds < 90:
        return _("%(seconds)d s") % {"seconds": seconds}
    minutes = round(seconds / 60)
    if minutes < 90:
        return _("%(minutes)d min") % {"minutes": minutes}
    hours, minutes = divmod(minutes, 60)
    if hours < 36:
        words = _("%(hours)d h %(minutes)d min") if minutes else _("%(hours)d h")
        return words % {"hours": hours, "minutes": minutes}
    days, hours = divmod(hours, 24)
    words = _("%(days)d d %(hours)d h") if hours else _("%(days)d d")
    return words % {"days": days, "hours": hours}

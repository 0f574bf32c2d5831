"""An account's status in words: for the console's list and for `list_accounts`."""

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
    """The status at `now` of an account that came through `with_cooldowns`."""
    now = now or timezone.now()
    if not account.enabled:
        return State(_("disabled"), "info")
    if account.parked:
        if account.parked == Account.Parked.BY_HAND:
            return State(_("disabled"), "info")
        return State(_("needs attention: %(reason)s") % {"reason": account.get_parked_display()}, "danger")
    current = [each for each in account.current_cooldowns if each.until > now]  # type: ignore[attr-defined]
    cooldowns = [each for each in current if each.reason not in GUESSES]
    if whole := [each for each in cooldowns if not each.model]:
        return State(_("cooling down, %(time)s left") % {"time": spoken(whole[0].until - now)}, "warning")
    if cooldowns:
        words = ngettext("cooling down for %(count)d model", "cooling down for %(count)d models", len(cooldowns))
        return State(words % {"count": len(cooldowns)}, "warning")
    if current:
        words = ngettext("deprioritized for %(count)d model", "deprioritized for %(count)d models", len(current))
        return State(words % {"count": len(current)}, "warning")
    return State(_("ready"), "success")


def spoken(span: timedelta) -> str:
    """A span in words: `40 s`, `12 min`, `3 h 5 min`, `2 d 4 h`."""
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

"""The cells that show an account's status: in the list, on its page, and for the script that refreshes both."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from unfold.utils import display_for_label

from accounts_app import leasing
from accounts_app.admin.hooks import hooks
from accounts_app.models import Account
from accounts_app.status import account_state
from accounts_app.status.labels import cause_label

TONES = {tone: tone for tone in ("success", "info", "warning", "danger")}
# In the list; the account's own page has them all.
COOLDOWNS_IN_LIST = QUOTAS_IN_LIST = 2
# Below these parts of a quota its bar changes its colour.
SCARCE, LOW = 0.1, 0.3


@dataclass(frozen=True, slots=True)
class Around:
    """What cells show besides the row: calls in flight in this process, attempts since midnight."""

    load: Mapping[int, int] = field(default_factory=dict)
    today: Mapping[int, int] = field(default_factory=dict)
    may_change: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """What is left of the quota for one model: `part` is 0..1, `tone` a colour."""

    model: str
    part: float
    resets_at: datetime | None

    @property
    def percent(self) -> str:
        return f"{self.part:.0%}"

    @property
    def width(self) -> str:
        return f"{max(100 * self.part, 4):.1f}"  # also nothing is to be seen

    @property
    def tone(self) -> str:
        return "bad" if self.part < SCARCE else "amber" if self.part < LOW else "good"

    @property
    def has_reset(self) -> bool:
        return self.resets_at is not None and self.resets_at <= timezone.now()


def around(ids: Iterable[int], *, may_change: bool) -> Around:
    """For these accounts. Raises Django's database errors."""
    return Around(leasing.load(), hooks.attempts_today(list(ids), timezone.now()), may_change)


def live(name: str, account: Account, html: str) -> SafeString:
    """A cell that the page's script may refresh."""
    return format_html('<div data-part="{}-{}">{}</div>', name, account.pk, html)


def parts(account: Account, known: Around) -> dict[str, str]:
    """All cells of an account that change by themselves; by the names that `live` gave them."""
    cells = {
        "state": state(account),
        "cooldowns": cooldowns(account, known, most=COOLDOWNS_IN_LIST),
        "all-cooldowns": cooldowns(account, known),
        "quota": quota(account, most=QUOTAS_IN_LIST),
        "all-quota": quota(account),
        "calls": calls(account, known),
        "used": last_used(account),
    }
    return {f"{name}-{account.pk}": str(cell) for name, cell in cells.items()}


def state(account: Account) -> str:
    """In words and colour."""
    if account.is_demo:
        return display_for_label(("info", _("demo")), "", TONES)
    found = account_state.state_of(account)
    return display_for_label((found.tone, str(found.words)), "", TONES)


def cooldowns(account: Account, known: Around, most: int | None = None) -> str:
    """Each with its countdown and, for those who may change accounts, a button that clears it."""
    current = account.current_cooldowns  # type: ignore[attr-defined]
    shown = [
        (
            each,
            cause_label(each.reason, each.message),
            reverse("admin:accounts_app_account_clear_cooldown", args=[account.pk, each.pk]),
        )
        for each in current
    ]
    context = {
        "cooldowns": shown[:most],
        "more": max(0, len(shown) - (most or len(shown))),
        "known": known,
        "all": not most,
    }
    return render_to_string("console/account/cooldowns.html", context)


def quota(account: Account, most: int | None = None) -> str:
    """What is left, the scarcest first."""
    found = bars(account)
    hidden = max(0, len(found) - most) if most else 0
    return render_to_string("console/account/quota.html", {"bars": found[:most], "more": hidden, "all": not most})


def calls(account: Account, known: Around) -> str:
    """Attempts since midnight, and calls in flight."""
    context = {"today": known.today.get(account.pk, 0), "now": known.load.get(account.pk, 0)}
    return render_to_string("console/account/calls.html", context)


def last_used(account: Account) -> str:
    if account.last_used_at is None:
        return _("never")
    return _("%(time)s ago") % {"time": account_state.spoken(timezone.now() - account.last_used_at)}


def bars(account: Account) -> list[Bar]:
    """What is known of an account's quota, the scarcest first."""
    found = [
        Bar(model, min(max(float(told["remaining"]), 0.0), 1.0), _moment(told.get("resets_at")))
        for model, told in account.quota.items()
        if isinstance(told, dict) and isinstance(told.get("remaining"), int | float)
    ]
    return sorted(found, key=lambda bar: (bar.part, bar.model))


def _moment(said: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(said))
    except ValueError:
        return None

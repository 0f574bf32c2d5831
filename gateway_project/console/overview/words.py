"""Numbers, times and names in the reader's language."""

from collections.abc import Callable, Mapping

from django.utils.formats import number_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts_app import roster
from proxy_app.models.sums import Dimension

# The size from which a unit is used, its divisor, its name.
Scale = tuple[tuple[float, float, str], ...]
THOUSANDS: Scale = ((1e9, 1e9, " G"), (1e6, 1e6, " M"), (1e4, 1e3, " k"))
MYRIADS: Scale = ((1e8, 1e8, " 億"), (1e4, 1e4, " 萬"))
SCALES: Mapping[str, Scale] = {"zh-hant": MYRIADS}


def short(number: float) -> str:
    """`843`, `9,120`, `48.2 k`, `1.25 M`, `12.4 G`; in Chinese `4.82 萬`, `125 萬`, `124 億`."""
    for size, unit, name in SCALES.get(get_language() or "", THOUSANDS):
        if number >= size:
            scaled = number / unit
            return f"{number_format(scaled, 0 if scaled >= 100 else 1 if scaled >= 10 else 2)}{name}"
    return number_format(number, 0, force_grouping=True)


def lasting(ms: float | None) -> str:
    """A time that is given in milliseconds: `0.62 ms`, `2.9 ms`, `640 ms`, `1.4 s`."""
    if ms is None:
        return "-"
    if ms >= 1000:
        return _("%(seconds)s s") % {"seconds": number_format(ms / 1000, 1 if ms < 10_000 else 0)}
    return _("%(milliseconds)s ms") % {"milliseconds": number_format(ms, 2 if ms < 1 else 1 if ms < 10 else 0)}


def share(part: float, whole: float) -> str:
    """`3 %`, `0.2 %`; `-` where `whole` is 0."""
    if not whole:
        return "-"
    percent = 100 * part / whole
    return _("%(number)s %%") % {"number": number_format(percent, 1 if 0 < percent < 10 else 0)}


def names(dimension: Dimension) -> Callable[[str | None], str]:
    """A function from a value of `dimension` to its name. Raises RosterUnavailable."""
    known: dict[str, str] = {}
    none, deleted = _("none"), "{}"
    match dimension:
        case Dimension.ACCOUNT:
            known = {str(one.id): one.email for one in roster.current().accounts.values()}
            none, deleted = _("no account"), _("deleted account {}")
        case Dimension.API_KEY:
            known = {str(one.id): one.name for one in roster.current().keys.values()}
            none, deleted = _("without a key"), _("deleted key {}")

    def name(value: str | None) -> str:
        if value is None:
            return _("all others")
        return known.get(value) or (deleted.format(value) if value else none)

    return name

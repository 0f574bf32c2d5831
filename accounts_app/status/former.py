"""Sentences that earlier versions wrote into rows, which are shown as ever. None is written any more."""

from django.utils.translation import gettext_noop

FORMER = (
    gettext_noop("an empty 200"),
    gettext_noop("The upstream answered without an answer."),
    gettext_noop("no first event within %(number)s s"),
    gettext_noop("%(sentence)s, first try after a rest"),
    gettext_noop("It only stands by."),
    gettext_noop("%(sentence)s, of those that stand last"),
    gettext_noop("Parked by %(name)s."),
)

"""Who does what needs doing once, however many nodes there are: a duty is claimed for a while, by one of them.

By the database's clock, which all nodes share: one of them may be off by more than a duty lasts.
"""

from datetime import timedelta

from django.db.models.functions import Now

from accounts_app.models import Duty


def claim(name: str, lasting: timedelta) -> bool:
    """Whether this node has the duty until `lasting` from now. One that dies leaves it to the others after that."""
    Duty.objects.bulk_create([Duty(name=name, until=Now() - timedelta(seconds=1))], ignore_conflicts=True)
    return Duty.objects.filter(name=name, until__lte=Now()).update(until=Now() + lasting) == 1

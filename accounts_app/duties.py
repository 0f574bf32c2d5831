"""Who does what needs doing once, however many nodes there are: a duty is claimed for a while, by one of them."""

from datetime import datetime, timedelta

from accounts_app.models import Duty


def claim(name: str, lasting: timedelta, now: datetime) -> bool:
    """Whether this node has the duty until `lasting` from now. One that dies leaves it to the others after that."""
    until = now + lasting
    Duty.objects.bulk_create([Duty(name=name, until=now - timedelta(seconds=1))], ignore_conflicts=True)
    return Duty.objects.filter(name=name, until__lte=now).update(until=until) == 1

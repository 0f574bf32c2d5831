"""Claims on work that one of several nodes does for all.

They go by the database's clock, which all nodes share: a node's own may be off by more than a claim lasts.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models.functions import Now

from accounts_app.models import Duty


def claim(name: str, lasting: timedelta) -> bool:
    """Claim `name` for this node until `lasting` from now. False while another node has it."""
    Duty.objects.bulk_create([Duty(name=name, until=Now() - timedelta(seconds=1))], ignore_conflicts=True)
    return Duty.objects.filter(name=name, until__lte=Now()).update(until=Now() + lasting) == 1


@dataclass(slots=True)
class RenewableClaim:
    """A claim that one node keeps for as long as it renews it in time."""

    name: str
    lasting: timedelta
    until: datetime | None = None  # as in the row, while the claim is this node's

    def renew(self) -> bool:
        """Take or renew the claim for `lasting` from now. False while another node has it."""
        row = Duty.objects.filter(name=self.name)
        ours = self.until is not None and row.filter(until=self.until).update(until=Now() + self.lasting)
        if not ours and not claim(self.name, self.lasting):
            self.until = None
            return False
        self.until = row.values_list("until", flat=True).get()
        return True

"""How long the ledger is kept."""

from datetime import datetime

from proxy_app.models import UsageRecord

# Small enough that a writer waiting behind one batch does not notice.
BATCH = 1000


def prune(before: datetime) -> int:
    """Delete the ledger's entries older than `before`, oldest first, in batches; how many they were."""
    pruned = 0
    old = UsageRecord.objects.filter(at__lt=before).order_by("pk").values_list("pk", flat=True)
    while batch := list(old[:BATCH]):
        pruned += UsageRecord.objects.filter(pk__in=batch).delete()[0]
    return pruned

"""What a test finds written, once the journal is."""

from accounts_app.models import Resource
from accounts_app.storage import journal
from proxy_app.models import UsageRecord


async def rows_of(kind: str) -> list[Resource]:
    """The resources of a kind."""
    await journal.flush(force=True)
    rows = Resource.objects.filter(kind=kind).select_related("project", "account", "group")
    return [row async for row in rows]


async def log() -> list[UsageRecord]:
    """The request log, oldest first."""
    await journal.flush(force=True)
    return [row async for row in UsageRecord.objects.order_by("pk")]

"""What a call has used that is known when it is long over."""

from django.db.models import Sum

from accounts_app.storage import journal
from proxy_app.ledger import late_use
from proxy_app.models import UsageHour, UsageRecord
from proxy_app.wire.usage import Usage


async def test_it_goes_to_the_row_that_answered_and_to_the_sums(database):
    for attempt, delivered in ((1, False), (2, True)):
        await UsageRecord.objects.acreate(
            request_id="r", attempt=attempt, outcome="succeeded", delivered=delivered, total_tokens=1
        )

    late_use.count("r", None, None, "m", Usage(prompt=3, candidates=4, total=7))
    await journal.flush(force=True)

    rows = UsageRecord.objects.order_by("attempt").values_list("prompt_tokens", "candidates_tokens", "total_tokens")
    assert [row async for row in rows] == [(0, 0, 1), (3, 4, 8)]
    sums = await UsageHour.objects.aaggregate(tokens=Sum("total_tokens"), calls=Sum("calls"))
    assert sums == {"tokens": 7, "calls": 0}


async def test_a_call_whose_row_is_gone_is_in_the_sums_alone(database):
    late_use.count("gone", 77, 78, "m", Usage(prompt=3, total=10**12))
    await journal.flush(force=True)

    assert not await UsageRecord.objects.aexists()
    hour = await UsageHour.objects.aget()
    assert (hour.api_key_id, hour.account_id, hour.prompt_tokens, hour.total_tokens) == (0, 0, 3, 2**31 - 1)

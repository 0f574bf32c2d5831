"""Each filter of the request log finds its entries by an index."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts_app.models import ApiKey
from proxy_app.admin import ledger_filters
from proxy_app.admin.ledger_filters import COUNTED
from proxy_app.models import UsageRecord
from tests.factories import make_account, make_api_key
from tests.proxy_app.admin.pages import CALL, LEDGER, an_entry, page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("forgetful")]


class TestFilters:
    def listed(self, console: Client, **query: str) -> list[int]:
        answer = console.get(page(LEDGER), query)
        return sorted(entry.pk for entry in answer.context["cl"].result_list)

    def test_each_filter_finds_its_entries(self, console):
        alice = make_account("alice@example.com")
        make_api_key("laptop")
        key = ApiKey.objects.get()
        old = an_entry("1" * 32, at=timezone.now() - timedelta(days=2))
        mine = an_entry("2" * 32, account=alice, api_key=key)
        spent = an_entry("3" * 32, outcome="quota_exhausted", status=429, model="gemini-3-flash")
        UsageRecord.objects.filter(pk=mine.pk).update(method="files.get", resource="files/abc")

        assert self.listed(console, account="alice@") == [mine.pk]
        assert self.listed(console, account=str(alice.pk)) == [mine.pk]
        assert self.listed(console, account="nobody@") == []
        assert self.listed(console, api_key=str(key.pk)) == [mine.pk]
        assert self.listed(console, outcome="quota_exhausted") == [spent.pk]
        assert self.listed(console, status="429") == [spent.pk]
        assert self.listed(console, model="gemini-3-flash") == [spent.pk]
        assert self.listed(console, model="gemini-3*") == [spent.pk]
        assert self.listed(console, model="models/gemini-2.5-pro") == [old.pk, mine.pk]
        assert self.listed(console, method="files.get") == [mine.pk]
        assert self.listed(console, resource="files/abc") == [mine.pk]
        assert self.listed(console, resource="files/*") == [mine.pk]
        assert self.listed(console, resource="files/a") == []
        assert self.listed(console, since="60") == [mine.pk, spent.pk]
        assert self.listed(console, q="2" * 32) == [mine.pk]
        assert self.listed(console, q="2222") == []
        day = timezone.now() - timedelta(days=1)
        assert self.listed(console, at_to_0=f"{day:%Y-%m-%d}", at_to_1=f"{day:%H:%M:%S}") == [old.pk]
        assert self.listed(console, at_from_0=f"{timezone.now():%Y-%m-%d}") == [mine.pk, spent.pk]
        assert self.listed(console, at_from_0="yesterday") == [old.pk, mine.pk, spent.pk]

    def test_the_beginning_of_a_models_name_finds_many_as_it_finds_few(self, console, monkeypatch):
        for number in "123":
            an_entry(number * 32, model=f"gemini-3-{number}")
        an_entry(model="gemini-2.5-pro")

        few = self.listed(console, model="gemini-3*")
        monkeypatch.setattr(ledger_filters, "COUNTED", 3)

        assert self.listed(console, model="gemini-3*") == few
        assert len(few) == 3

    def test_a_filter_of_nonsense_is_no_error(self, console):
        an_entry()

        for query in ("status", "since", "api_key"):
            assert len(self.listed(console, **{query: "nonsense"})) in (0, 1)

    @pytest.mark.parametrize(
        "query",
        [{}, {"account": "alice"}, {"model": "gemini-2.5-pro"}, {"outcome": "succeeded"}, {"status": "200"},
         {"api_key": "1"}, {"since": "60"}, {"q": CALL}, {"method": "generateContent"}, {"resource": "files/a"}],
    )  # fmt: skip
    def test_no_filter_reads_or_counts_the_whole_table(self, console, query):
        alice = make_account("alice@example.com")
        make_api_key()
        key = ApiKey.objects.get()
        UsageRecord.objects.bulk_create(
            UsageRecord(
                request_id=CALL,
                outcome="succeeded",
                status=200,
                model="gemini-2.5-pro",
                account=alice,
                api_key=key,
                method="generateContent",
                resource="files/a",
            )
            for _ in range(60)
        )
        query = {name: str(key.pk) if name == "api_key" else value for name, value in query.items()}
        with CaptureQueriesContext(
            connection,
        ) as captured:
            console.get(page(LEDGER), query)

        of_ledger = [each["sql"] for each in captured if '"proxy_app_usagerecord"' in each["sql"]]
        assert of_ledger
        for sql in of_ledger:
            assert "LIMIT" in sql
            if connection.vendor == "sqlite":
                plan = self.plan(sql)
                assert "SCAN proxy_app_usagerecord" not in plan or "USING" in plan, (sql, plan)
                assert "q" in query or "TEMP B-TREE FOR ORDER BY" not in plan, (sql, plan)
            if "COUNT(" in sql:
                assert f"LIMIT {COUNTED}" in sql

    def plan(self, sql: str) -> str:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            return "\n".join(row[3] for row in cursor.fetchall())

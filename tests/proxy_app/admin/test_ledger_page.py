"""The ledger in the console: found by its filters without reading all of it, and told call by call."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts_app.models import ApiKey, GatewaySettings, ModelRoute, Rest
from proxy_app.admin import ledger_filters
from proxy_app.admin.bug_report import masked, redacted
from proxy_app.admin.ledger_filters import COUNTED
from proxy_app.models import CapturedCall, UsageRecord
from tests.factories import make_account, make_api_key

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("forgetful")]

CALL = "c" * 32
LEDGER = "proxy_app_usagerecord_changelist"


@pytest.fixture
def console() -> Client:
    return signed_in(User.objects.create_superuser("olga"))


def signed_in(user: User) -> Client:
    browser = Client(headers={"host": "localhost"})
    browser.force_login(user)
    return browser


def clerk(*rights: str) -> Client:
    user = User.objects.create_user("clerk", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return signed_in(user)


def page(name: str, *arguments: object) -> str:
    return reverse(f"admin:{name}", args=arguments)


def an_entry(request_id: str = CALL, **fields: object) -> UsageRecord:
    known = {"outcome": "succeeded", "status": 200, "model": "gemini-2.5-pro", "method": "generateContent"}
    return UsageRecord.objects.create(**{"request_id": request_id, **known, **fields})


def two_attempts() -> None:
    alice, bob = make_account("alice@example.com"), make_account("bob@example.com")
    began = timezone.now()
    an_entry(
        account=alice, account_label=alice.email, outcome="rate_limited", status=429, at=began, duration_ms=200,
        message="Quota of alice@example.com for projects/secret-project-1 is used up", why="its conversation",
        endpoint="https://cloudcode-pa.googleapis.com", upstream_model="gemini-2.5-pro",
    )  # fmt: skip
    an_entry(
        account=bob, account_label=bob.email, attempt=2, at=began + timedelta(seconds=1), duration_ms=800,
        first_event_ms=300, delivered=True, total_tokens=42, prompt_tokens=40, upstream_model="gemini-2.5-pro",
        endpoint="https://user:hunter2@proxy.example/path",
    )  # fmt: skip


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

        assert self.listed(console, account="alice@") == [mine.pk]
        assert self.listed(console, account=str(alice.pk)) == [mine.pk]
        assert self.listed(console, account="nobody@") == []
        assert self.listed(console, api_key=str(key.pk)) == [mine.pk]
        assert self.listed(console, outcome="quota_exhausted") == [spent.pk]
        assert self.listed(console, status="429") == [spent.pk]
        assert self.listed(console, model="gemini-3-flash") == [spent.pk]
        assert self.listed(console, model="gemini-3*") == [spent.pk]
        assert self.listed(console, model="models/gemini-2.5-pro") == [old.pk, mine.pk]
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
         {"api_key": "1"}, {"since": "60"}, {"q": CALL}],
    )  # fmt: skip
    def test_no_filter_reads_or_counts_the_whole_table(self, console, query):
        alice = make_account("alice@example.com")
        make_api_key()
        key = ApiKey.objects.get()
        UsageRecord.objects.bulk_create(
            UsageRecord(
                request_id=CALL, outcome="succeeded", status=200, model="gemini-2.5-pro", account=alice, api_key=key
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


class TestCall:
    def test_its_attempts_stand_in_order_with_all_that_is_known(self, console):
        two_attempts()

        told = console.get(page("proxy_app_usagerecord_call", CALL)).content.decode()

        assert told.index("Attempt 1") < told.index("rate limited") < told.index("Attempt 2")
        assert all(
            words in told for words in ("its conversation", "429", "bob@example.com", "first event after 300 ms")
        )
        assert "went to the client" in told

    def test_a_refused_one_says_what_helps(self, console):
        an_entry(attempt=0, outcome="key_invalid", status=401, message="API key not valid.", repeated=7, duration_ms=3)

        told = console.get(page("proxy_app_usagerecord_call", CALL)).content.decode()
        listed = console.get(page(LEDGER), {"outcome": "key_invalid"}).content.decode()

        assert all(words in told for words in ("Refused by the gateway", "invalid key", "401", "Issue a key under"))
        assert "7 further calls like this one" in told
        assert "Attempt 0" not in told
        assert CALL[:8] in listed

    def test_an_entry_leads_to_its_call(self, console):
        entry = an_entry()

        answer = console.get(page("proxy_app_usagerecord_change", entry.pk))

        assert answer.url == page("proxy_app_usagerecord_call", CALL)

    def test_an_unknown_call_is_not_found(self, console):
        assert console.get(page("proxy_app_usagerecord_call", "nothing")).status_code == 404
        assert console.get(page("proxy_app_usagerecord_bundle", "nothing")).status_code == 404

    def test_staff_without_the_right_see_nothing_of_it(self):
        two_attempts()
        browser = clerk()

        for name in ("call", "bundle"):
            assert browser.get(page(f"proxy_app_usagerecord_{name}", CALL)).status_code == 403


class TestBundle:
    def bundle(self, console: Client) -> tuple[dict, str]:
        answer = console.get(page("proxy_app_usagerecord_bundle", CALL))
        assert answer["Content-Disposition"] == 'attachment; filename="gemini-gateway-call-cccccccc.json"'
        return json.loads(answer.content), answer.content.decode()

    def test_what_a_client_made_up_is_no_command(self, console):
        an_entry(model='x";$(id);`id`"', method="y;id")

        told, _ = self.bundle(console)

        assert "models/x%22%3B%24%28id%29%3B%60id%60%22:y%3Bid" in told["replay"]["command"]

    def test_it_has_what_it_takes_to_play_the_call_again(self, console):
        two_attempts()
        ModelRoute.objects.create(
            pattern="gemini-*", target="gemini-3-pro", note="ask Alice", generation_config={"topK": 1}
        )

        told, _ = self.bundle(console)

        assert [(entry["attempt"], entry["status"], entry["outcome"]) for entry in told["attempts"]] == [
            (1, 429, "rate_limited"),
            (2, 200, "succeeded"),
        ]
        assert told["replay"]["command"].startswith('curl -N "$GATEWAY/v1beta/models/gemini-2.5-pro:generateContent"')
        assert told["routing"]["routes"][0]["generation_config"] == {"topK": 1}
        assert told["versions"]["gateway"].startswith("gemini-gateway/")
        assert told["settings"]["GATEWAY_MAX_ATTEMPTS"] == 3

    def test_what_a_client_called_a_model_is_no_part_of_a_command(self, console):
        an_entry(model='x"$(touch /tmp/x)`id`', method='y"; rm z', attempt=0)

        told, _ = self.bundle(console)

        url = told["replay"]["command"].splitlines()[0]
        assert url == 'curl -N "$GATEWAY/v1beta/models/x%22%24%28touch%20/tmp/x%29%60id%60:y%22%3B%20rm%20z" \\'

    def test_nothing_in_it_is_anybodys_business(self, console, settings):
        settings.GOOGLE_OAUTH_CLIENT_SECRET = settings.GATEWAY_API_KEY = "hunter2-secret"
        settings.GATEWAY_ALLOWED_HOSTS = ["gateway.example.net"]
        GatewaySettings(system_instruction_prefix="Our hunter2 house rules").save()
        two_attempts()
        ModelRoute.objects.create(pattern="x", target="y", note="hunter2")
        rested = make_account("carol@example.com", proxy_url="http://u:hunter2@proxy.example", refresh_token="hunter2")
        Rest.objects.create(account=rested, until=timezone.now(), reason="rate_limited", message="hunter2")
        UsageRecord.objects.update(api_key=None)
        an_entry(account=rested, account_label=rested.email, attempt=3, message="token ya29.hunter2-abc was refused")

        told, text = self.bundle(console)

        assert not any(word in text for word in ("hunter2", "@example.com", "secret-project", "gateway.example.net"))
        assert told["attempts"][0]["account_label"] == "a***@***.com"
        assert told["attempts"][0]["message"] == "Quota of a***@***.com for projects/*** is used up"
        assert told["settings"]["GATEWAY_ALLOWED_HOSTS"] == "1 set"

    @pytest.mark.parametrize(
        ("text", "left"),
        [
            ("key AIzaSyA1234567890 of bob+x@mail.example.co.uk", "key *** of b***@***.uk"),
            ("https://x.example/?key=abc&alt=sse", "https://x.example/?key=***&alt=sse"),
            ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
            ("refresh 1//0abcdefghijk failed", "refresh *** failed"),
            ("RESOURCE_EXHAUSTED on gemini-2.5-pro", "RESOURCE_EXHAUSTED on gemini-2.5-pro"),
        ],
    )
    def test_a_text_loses_what_is_private_and_nothing_else(self, text, left):
        assert redacted(text) == left

    def test_a_label_that_is_no_address_keeps_its_first_letter(self):
        assert (masked("My key"), masked("")) == ("M***", "")


class TestCaptured:
    @pytest.fixture
    def said(self) -> CapturedCall:
        make_api_key("watched")
        an_entry(api_key=ApiKey.objects.get())
        words = {"request": '{"contents": "hunter2"}', "answer": "you said hunter2", "request_bytes": 900}
        return CapturedCall.objects.create(request_id=CALL, api_key=ApiKey.objects.get(), **words)

    def test_who_reads_it_is_in_the_log(self, console, said):
        told = console.get(page("proxy_app_capturedcall_change", said.pk)).content.decode()

        assert told.count("hunter2") == 2
        assert "the beginning of 900" in told
        log = console.get(page("proxy_app_capturedcall_history", said.pk)).content.decode()
        assert "olga" in log
        assert "Read the prompt and the answer." in log

    def test_the_list_shows_and_reads_no_word_of_it(self, console, said):
        with CaptureQueriesContext(connection) as queries:
            told = console.get(page("proxy_app_capturedcall_changelist")).content.decode()

        assert CALL in told
        assert "hunter2" not in told
        assert not any('"proxy_app_capturedcall"."request",' in each["sql"] for each in queries)

    def test_a_call_leads_to_it_for_those_who_may_read_it(self, console, said):
        link = page("proxy_app_capturedcall_change", said.pk)
        browser = clerk("view_usagerecord")
        call = page("proxy_app_usagerecord_call", CALL)

        assert link in console.get(call).content.decode()
        assert link not in browser.get(call).content.decode()
        assert browser.get(link).status_code == 403

    def test_it_can_be_deleted_but_not_written(self, console, said):
        url = page("proxy_app_capturedcall_change", said.pk)

        console.post(url, {"request": "other"})
        said.refresh_from_db()
        assert "hunter2" in said.request

        console.post(page("proxy_app_capturedcall_delete", said.pk), {"post": "yes"})
        assert not CapturedCall.objects.exists()

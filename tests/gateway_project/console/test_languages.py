"""The console in the reader's language: chosen on any page and kept, and no page has text in another language."""

import html
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts_app import roster
from accounts_app.actions.accounts import NewAccount, Unusable, check
from accounts_app.admin.routes.generation_config import GenerationConfigField
from accounts_app.models import Account, ApiKey, ModelRoute, Rest
from accounts_app.status import account_state
from gateway_project.console.overview import words
from proxy_app.models import CapturedCall, UsageRecord
from tests.asgi_client import Client as AsgiClient
from tests.catalogue import messages
from tests.documents import ROOT
from tests.factories import make_account, make_api_key

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("forgetful")]

CHINESE = {"gateway_language": "zh-hant"}
CALL = "c" * 32
PO = ROOT / "locale" / "zh_Hant" / "LC_MESSAGES" / "django.po"
# The texts that differ between the languages, and patterns of what is the same in both or is not shown.
TRANSLATED = {source for one in messages(PO) for source in one.sources if one.translation != source}
TERMS = re.compile(r"(refresh|access) token|python manage\.py \w+")
ENGLISH = re.compile(r"[a-z']{2,} [a-z']{2,}")
HIDDEN = re.compile(
    r"<(script|style|template|svg|pre|code)\b.*?</\1>|<span[^>]*material-symbols[^>]*>.*?</span>|<!--.*?-->", re.DOTALL
)
ATTRIBUTES = re.compile(
    r'\b(?:title|placeholder|alt|aria-label|data-(?:none|asking|stopped|broken|refused|unreachable|nothing|words|done))="([^"]*)"'
)


@pytest.fixture(autouse=True)
def language_is_reset() -> Iterator[None]:
    """A request leaves its language active in the thread, which must not affect the next test."""
    yield
    translation.deactivate()


@pytest.fixture
def console() -> Client:
    browser = Client()
    browser.force_login(User.objects.create_superuser("olga"))
    browser.cookies.load(CHINESE)
    return browser


def texts(page: str) -> list[str]:
    """The texts that a page shows, one after the other."""
    shown = HIDDEN.sub("\n", page)
    said = [*ATTRIBUTES.findall(shown), *re.sub(r"<[^>]*>", "\n", shown, flags=re.DOTALL).splitlines()]
    return [text for each in said if (text := html.unescape(each).strip())]


def in_english(page: str) -> list[str]:
    return [text for text in texts(page) if text in TRANSLATED or ENGLISH.search(TERMS.sub("", text))]


@pytest.fixture
def everything() -> dict[str, int]:
    """A row of every kind, with every field that is shown as words; the ids that the addresses of pages need."""
    now = timezone.now()
    soon = now + timedelta(hours=1)
    alice, bob, eve = (make_account(f"{name}@example.com") for name in ("alice", "bob", "eve"))
    cooldown = {"until": soon, "streak": 1, "window_until": soon}
    Rest.objects.create(account=alice, reason="quota_exhausted", message="An empty answer.", **cooldown)
    Rest.objects.create(account=bob, model="gemini-2.5-pro", reason="rate_limited", **cooldown)
    Account.objects.filter(pk=eve.pk).update(
        parked="sign_in", parked_message="No API key is stored for this account.", parked_at=now, last_used_at=now,
        quota={"gemini-2.5-pro": {"remaining": 0.4, "resets_at": soon.isoformat()}},
    )  # fmt: skip
    make_api_key("laptop")
    key = ApiKey.objects.get()
    call = {"request_id": CALL, "model": "gemini-2.5-pro", "account": alice, "account_label": alice.email}
    UsageRecord.objects.create(
        outcome="overloaded", status=503, why="affinity", message="Status 503 without a body.", wait_ms=3, **call
    )
    UsageRecord.objects.create(
        attempt=2, outcome="succeeded", status=200, why="round robin, first call after a cooldown", delivered=True,
        first_event_ms=1234, duration_ms=2345, prompt_tokens=12_000, total_tokens=12_345, **call,
    )  # fmt: skip
    captured = CapturedCall.objects.create(request_id=CALL, api_key=key, outcome="succeeded", request_bytes=99_999)
    route = ModelRoute.objects.create(pattern="gpt-*", target="gemini-2.5-pro")
    roster.load_now()
    return {"account": alice.pk, "parked": eve.pk, "apikey": key.pk, "modelroute": route.pk, "captured": captured.pk}


def pages(known: dict[str, int]) -> list[str]:
    """Every page a GET can open."""

    def at(name: str, *arguments: object) -> str:
        return reverse(name, args=arguments)

    account, key, route = known["account"], known["apikey"], known["modelroute"]
    ours, calls = "admin:accounts_app_", "admin:proxy_app_"
    operator = User.objects.get().pk
    rows = (("account", account), ("account", known["parked"]), ("apikey", key), ("modelroute", route))
    return [
        at("admin:index"), at("inbox"), at("clients"), at("playground"), at("admin:password_change"), at("two_factor"),
        *(at(f"{ours}{name}_changelist") for name in ("account", "apikey", "modelroute", "rest", "gatewaysettings")),
        *(at(f"{ours}{name}_add") for name in ("account", "apikey", "modelroute")),
        *(at(f"{ours}{name}_{page}", pk) for name, pk in rows for page in ("change", "history", "delete")),
        at(f"{ours}account_connect"), at(f"{ours}account_take_in"), at(f"{ours}account_setup", account),
        at(f"{ours}account_eligibility") + "?model=gemini-2.5-pro", at(f"{ours}apikey_replace", key),
        at(f"{ours}modelroute_where") + "?model=gpt-5", at(f"{ours}modelroute_removed"),
        at(f"{ours}gatewaysettings_history", 1),
        at(f"{calls}usagerecord_changelist"), at(f"{calls}usagerecord_call", CALL),
        at(f"{calls}capturedcall_changelist"), at(f"{calls}capturedcall_change", known["captured"]),
        at("admin:auth_user_changelist"), at("admin:auth_user_add"), at("admin:auth_user_change", operator),
    ]  # fmt: skip


def test_no_page_has_english_text(console: Client, everything: dict[str, int]):
    left = {}
    for url in pages(everything):
        answer = console.get(url, follow=True)
        assert answer.status_code == 200, url
        if found := in_english(answer.content.decode()):
            left[url] = found

    assert left == {}


@pytest.mark.parametrize("url", ["/admin/login/", "/usage"])
async def test_a_page_for_anonymous_visitors_has_no_english_text(url: str):
    cookie = "; ".join(f"{name}={value}" for name, value in CHINESE.items())

    reply = await AsgiClient().get(url, accept="text/html", cookie=cookie)

    page = reply.body.decode()
    assert 'lang="zh-hant"' in page
    assert in_english(page.replace("English", "")) == []


@pytest.mark.parametrize(
    ("asked", "given"),
    [("zh-TW,zh;q=0.9,en;q=0.8", "zh-hant"), ("zh-HK", "zh-hant"), ("de,en;q=0.5", "en"), ("", "en")],
)
def test_the_browsers_language_is_the_first_one(asked: str, given: str):
    page = Client(headers={"accept-language": asked}).get("/admin/login/").content.decode()

    assert f'lang="{given}"' in page


def test_the_choice_can_be_made_at_the_sign_in_and_outlives_the_browser():
    browser = Client(enforce_csrf_checks=True)
    page = browser.get("/admin/login/?next=/admin/inbox/").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    back = re.search(r'name="next" type="hidden" value="([^"]*)"', page)
    assert token
    assert back

    asked = {"language": "zh-hant", "next": back[1], "csrfmiddlewaretoken": token[1]}
    answer = browser.post("/i18n/setlang/", asked)

    assert answer.headers["Location"] == "/admin/login/?next=/admin/inbox/"
    cookie = answer.cookies["gateway_language"]
    assert (cookie.value, cookie["httponly"], cookie["samesite"]) == ("zh-hant", True, "Lax")
    assert int(cookie["max-age"]) > 300 * 24 * 3600
    assert "登入" in browser.get("/admin/login/").content.decode()


def test_the_choice_is_in_the_menu_of_those_who_are_signed_in(console: Client):
    page = console.get("/admin/inbox/").content.decode()

    assert 'action="/i18n/setlang/"' in page
    assert 'name="language" type="hidden" value="en"' in page


def test_the_apis_errors_are_in_english_whatever_the_language():
    for url in ("/v1beta/models/gemini-2.5-pro:generateContent", "/v1beta/nowhere"):
        english = Client().post(url, "{", content_type="application/json")
        browser = Client(headers={"accept-language": "zh-TW"})
        browser.cookies.load(CHINESE)
        assert browser.post(url, "{", content_type="application/json").content == english.content


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (40, "40 s", "40 秒"),
        (740, "12 min", "12 分鐘"),
        (11_100, "3 h 5 min", "3 小時 5 分鐘"),
        (187_200, "2 d 4 h", "2 天 4 小時"),
    ],
)
def test_spans_of_time_are_in_natural_words(seconds: int, english: str, chinese: str):
    span = timedelta(seconds=seconds)

    assert account_state.spoken(span) == english
    with translation.override("zh-hant"):
        assert account_state.spoken(span) == chinese


@pytest.mark.parametrize(
    ("number", "english", "chinese"),
    [
        (843, "843", "843"),
        (9120, "9,120", "9,120"),
        (48_200, "48.2 k", "4.82 萬"),
        (1_250_000, "1.25 M", "125 萬"),
        (12.4e9, "12.4 G", "124 億"),
    ],
)
def test_large_numbers_are_grouped_as_in_the_language(number: float, english: str, chinese: str):
    assert words.short(number) == english
    with translation.override("zh-hant"):
        assert words.short(number) == chinese


def test_dates_are_written_as_in_taiwan(console: Client, everything: dict[str, int]):
    UsageRecord.objects.update(at=timezone.now().replace(month=3, day=5, hour=9, minute=7, second=2))

    page = console.get(reverse("admin:proxy_app_usagerecord_changelist")).content.decode()

    assert "3月5日 09:07:02" in page
    assert "12,345" in page


def test_filters_by_time_read_dates_as_they_are_written_here(console: Client, everything: dict[str, int]):
    url = reverse("admin:proxy_app_usagerecord_changelist")
    today = timezone.now()

    listed = console.get(url, {"at_from_0": f"{today:%Y/%m/%d}"}).context["cl"].result_list
    later = {"at_from_0": f"{today + timedelta(days=2):%Y/%m/%d}", "at_from_1": "08:00:00"}
    none = console.get(url, later).context["cl"].result_list

    assert (len(listed), len(none)) == (2, 0)


def test_a_form_says_in_chinese_what_is_wrong():
    with translation.override("zh-hant"):
        with pytest.raises(Unusable, match="不是電子郵件位址"):
            check(NewAccount(email="nobody", refresh_token="1//x"))
        with pytest.raises(ValidationError, match="temperature 應該是從 0 到 2 的數字。"):
            GenerationConfigField().clean('{"temperature": 5}')

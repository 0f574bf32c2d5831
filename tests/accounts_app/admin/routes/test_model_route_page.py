"""Model routes in the console: default generationConfig, where a name would go, and how a change is undone."""

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts_app import leasing, roster
from accounts_app.models import GatewaySettings, ModelRoute, Rest
from tests.factories import make_account

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("forgetful")]

ROUTE = "accounts_app_modelroute"


@pytest.fixture
def console() -> Client:
    browser = Client(headers={"host": "localhost"})
    browser.force_login(User.objects.create_superuser("olga"))
    return browser


def page(name: str, *arguments: object) -> str:
    return reverse(f"admin:{name}", args=arguments)


def route_form(**fields: object) -> dict[str, object]:
    blank = {"pattern": "fast", "target": "gemini-2.5-flash", "generation_config": "", "enabled": "on", "note": ""}
    return {**blank, **fields}


def where(console: Client, model: str, **headers: str) -> str:
    leasing.reset()
    roster.load_now()
    return console.get(page(f"{ROUTE}_where"), {"model": model}, headers=headers).content.decode()


@pytest.mark.parametrize("field", ["pattern", "target"])
@pytest.mark.parametrize("name", ["a/../b", "..", "a//b", "a?b", "a#b", "a%2Fb", "a\\b", "a\tb", "\uff0f", "模" * 100])
def test_a_route_is_about_names_that_models_can_have(console, field, name):
    reply = console.post(page(f"{ROUTE}_add"), route_form(**{field: name}))

    assert "This is no model name" in reply.content.decode()
    assert not ModelRoute.objects.exists()


@pytest.mark.parametrize("name", ["models/x", "org/name:v1", "tunedModels/mine", "快速", "my model"])
def test_a_route_may_have_any_name_that_a_client_can_write(console, name):
    console.post(page(f"{ROUTE}_add"), route_form(pattern=f"{name}-*", target=name))

    route = ModelRoute.objects.get()
    assert (route.pattern, route.target) == (f"{name.removeprefix('models/')}-*", name.removeprefix("models/"))


class TestDefaultGenerationConfig:
    def test_defaults_are_stored_by_its_camel_case_names(self, console):
        config = '{"temperature": 0.2, "thinking_config": {"thinking_budget": 0}}'

        console.post(page(f"{ROUTE}_add"), route_form(generation_config=config))

        stored = ModelRoute.objects.get().generation_config
        assert stored == {"temperature": 0.2, "thinkingConfig": {"thinkingBudget": 0}}

    def test_empty_sets_no_default(self, console):
        console.post(page(f"{ROUTE}_add"), route_form())

        assert ModelRoute.objects.get().generation_config == {}

    @pytest.mark.parametrize(
        ("config", "complaint"),
        [
            ("[1]", "not a JSON object"),
            ("{", "valid JSON"),
            ('{"temperature": 3}', "temperature is a number from 0 to 2"),
            ('{"temperature": true}', "temperature is a number"),
            ('{"temprature": 1}', "temprature is not known. Is it temperature?"),
            ('{"maxOutputTokens": 0}', "a whole number, 1 or more"),
            ('{"stopSequences": "x"}', "a list of texts"),
            ('{"thinkingConfig": {"thinkingBudget": "much"}}', "thinkingBudget is a whole number, -1 or more"),
            ('{"thinkingConfig": {"thinkingLevel": "LOW", "thinkingBudget": 1}}', "upstream takes one"),
        ],
    )
    def test_a_mistake_is_told_when_it_is_made(self, console, config, complaint):
        told = console.post(page(f"{ROUTE}_add"), route_form(generation_config=config)).content.decode()

        assert complaint in told
        assert not ModelRoute.objects.exists()

    def test_a_field_newer_than_this_gateway_is_let_through(self, console):
        console.post(page(f"{ROUTE}_add"), route_form(generation_config='{"quantumMode": "ON"}'))

        assert ModelRoute.objects.get().generation_config == {"quantumMode": "ON"}

    def test_names_lose_what_is_part_of_the_path(self, console):
        console.post(page(f"{ROUTE}_add"), route_form(pattern=" models/fast", target="models/gemini-2.5-pro"))

        route = ModelRoute.objects.get()
        assert (route.pattern, route.target) == ("fast", "gemini-2.5-pro")

    def test_a_target_is_one_model(self, console):
        told = console.post(page(f"{ROUTE}_add"), route_form(target="gemini-*")).content.decode()

        assert "A route leads to one model" in told


class TestWhere:
    def test_a_name_is_followed_to_its_model_with_the_rule_and_the_defaults(self, console):
        ModelRoute.objects.create(pattern="gpt-*", target="gemini-2.5-pro", generation_config={"topK": 7})
        ModelRoute.objects.create(pattern="*", target="gemini-2.5-flash")
        make_account("alice@example.com")

        told = where(console, "models/gpt-5")

        assert '<strong id="where-target">gemini-2.5-pro</strong>' in told
        assert "<code>gpt-*</code>" in told
        assert "&quot;topK&quot;: 7" in told
        assert "1 account can answer now." in told

    def test_a_name_without_a_route_is_not_changed(self, console):
        assert "it goes upstream as it is" in where(console, "gemini-2.5-pro")

    def test_every_account_shows_its_eligibility(self, console):
        alice, bob = make_account("alice@example.com"), make_account("bob@example.com", parked="terms")
        make_account("carol@example.com", allowed_models=["gemini-3*"])
        Rest.objects.create(
            account=alice, model="m", until=timezone.now() + timedelta(hours=2), reason="quota_exhausted"
        )

        told = where(console, "m")

        assert "0 accounts can answer now." in told
        assert all(words in told for words in ("cooling down", "2 h", "needs attention", "model not allowed"))
        assert bob.email in told

    def test_the_pages_own_script_gets_the_answer_alone(self, console):
        assert "<html" not in where(console, "m", HX_Request="true")
        assert "<html" in where(console, "m")

    def test_before_the_database_was_read_there_is_no_answer(self, console):
        roster.reset()

        told = console.get(page(f"{ROUTE}_where"), {"model": "m"}).content.decode()

        assert "has not read its database yet" in told

    def test_staff_who_may_not_see_accounts_see_no_address(self):
        clerk = User.objects.create_user("clerk", is_staff=True)
        clerk.user_permissions.add(Permission.objects.get(codename="view_modelroute"))
        browser = Client(headers={"host": "localhost"})
        browser.force_login(clerk)
        account = make_account("alice@example.com")

        told = where(browser, "m")

        assert f"account {account.pk}" in told
        assert "alice@example.com" not in told

    def test_staff_without_the_right_see_nothing(self):
        browser = Client(headers={"host": "localhost"})
        browser.force_login(User.objects.create_user("clerk", is_staff=True))

        assert browser.get(page(f"{ROUTE}_where"), {"model": "m"}).status_code == 403


class TestUndo:
    def change(self, console: Client, route: ModelRoute, **fields: object) -> None:
        console.post(page(f"{ROUTE}_change", route.pk), route_form(**fields))

    def history(self, console: Client, row: ModelRoute | GatewaySettings) -> str:
        name = f"accounts_app_{row._meta.model_name}_history"
        return console.get(page(name, row.pk)).content.decode()

    def test_the_history_tells_what_was_and_what_became_of_it(self, console):
        console.post(page(f"{ROUTE}_add"), route_form())
        route = ModelRoute.objects.get()
        self.change(console, route, target="gemini-2.5-pro")

        told = self.history(console, route)

        assert "gemini-2.5-flash</span> → <span" in told
        assert told.count("Revert to this") == 1
        assert len(re.findall(r"^Current$", told, re.MULTILINE)) == 1

    def test_a_route_is_taken_back_to_what_it_was_made_as(self, console):
        console.post(page(f"{ROUTE}_add"), route_form(generation_config='{"topK": 1}'))
        route = ModelRoute.objects.get()
        made = LogEntry.objects.get()
        self.change(console, route, target="gemini-2.5-pro", enabled="", generation_config='{"topK": 2}')

        console.post(page(f"{ROUTE}_revert", route.pk, made.pk, "after"))

        route.refresh_from_db()
        assert (route.target, route.enabled, route.generation_config) == ("gemini-2.5-flash", True, {"topK": 1})

    def test_an_undo_can_be_undone(self, console):
        route = ModelRoute.objects.create(pattern="fast", target="gemini-2.5-flash")
        self.change(console, route, target="gemini-2.5-pro")
        console.post(page(f"{ROUTE}_revert", route.pk, LogEntry.objects.get().pk, "before"))

        undo = LogEntry.objects.order_by("-pk").first()
        console.post(page(f"{ROUTE}_revert", route.pk, undo.pk, "before"))

        route.refresh_from_db()
        assert route.target == "gemini-2.5-pro"
        assert "Changed upstream model" in str(undo.get_change_message())

    def test_settings_go_back_to_before_the_first_change(self, console):
        GatewaySettings(strategy="round_robin", system_instruction_prefix="Be brief.").save()
        settings = GatewaySettings.load()
        form = {field: getattr(settings, field) for field in ("auth_mode", "capture_days", "quota_protection")}
        changed = {
            **form,
            "strategy": "fill_first",
            "api_key": "hunter2hunter2",
            "system_instruction_prefix": "Be kind.",
        }
        console.post(page("accounts_app_gatewaysettings_change", 1), changed)
        entry = LogEntry.objects.get()

        console.post(page("accounts_app_gatewaysettings_revert", 1, entry.pk, "before"))

        settings = GatewaySettings.load()
        assert (settings.strategy, settings.system_instruction_prefix) == ("round_robin", "Be brief.")
        assert "hunter2" not in entry.change_message
        assert "hunter2" not in self.history(console, settings)

    def test_a_deleted_route_is_restored(self, console):
        route = ModelRoute.objects.create(pattern="fast", target="gemini-2.5-flash", generation_config={"topK": 1})
        console.post(page(f"{ROUTE}_delete", route.pk), {"post": "yes"})
        entry = LogEntry.objects.get()
        assert "fast → gemini-2.5-flash" in console.get(page(f"{ROUTE}_removed")).content.decode()

        console.post(page(f"{ROUTE}_restore", entry.pk))

        assert ModelRoute.objects.get().generation_config == {"topK": 1}

    def test_a_route_that_would_be_there_twice_is_not_restored(self, console):
        route = ModelRoute.objects.create(pattern="fast", target="gemini-2.5-flash")
        console.post(page(f"{ROUTE}_delete", route.pk), {"post": "yes"})
        ModelRoute.objects.create(pattern="fast", target="gemini-2.5-pro")

        told = console.post(page(f"{ROUTE}_restore", LogEntry.objects.get().pk), follow=True).content.decode()

        assert "already exists" in told
        assert ModelRoute.objects.get().target == "gemini-2.5-pro"

    def test_staff_who_may_only_look_cannot_revert(self, console):
        console.post(page(f"{ROUTE}_add"), route_form())
        route = ModelRoute.objects.get()
        clerk = User.objects.create_user("clerk", is_staff=True)
        clerk.user_permissions.add(Permission.objects.get(codename="view_modelroute"))
        browser = Client(headers={"host": "localhost"})
        browser.force_login(clerk)
        entry = LogEntry.objects.get()

        assert "Revert to this" not in self.history(browser, route)
        assert browser.post(page(f"{ROUTE}_revert", route.pk, entry.pk, "after")).status_code == 403
        assert browser.post(page(f"{ROUTE}_restore", entry.pk)).status_code == 403

    def test_a_link_alone_reverts_nothing(self, console):
        console.post(page(f"{ROUTE}_add"), route_form())
        entry = LogEntry.objects.get()

        assert console.get(page(f"{ROUTE}_revert", ModelRoute.objects.get().pk, entry.pk, "after")).status_code == 405

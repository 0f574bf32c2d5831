"""The columns of the table that say how a call is handled, each with the methods that differ from the rest."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts_app.pool.outcomes import Repeat
from proxy_app.wire.operations import OPERATIONS, Cools, Family, Gives, Takes
from proxy_app.wire.operations.columns import Made, Metered, Operation

BY_ID = {operation.id: operation for operation in OPERATIONS}
OF_OPENAI = ("batches.get", "files.get", "files.delete")
OF_INTERACTIONS = ("agents", "environments", "credentials", "triggers", "webhooks", "voices")


def told(column: Callable[[Operation], Any]) -> dict[str, Any]:
    """What the methods have there that have anything, by their ids."""
    return {operation.id: value for operation in OPERATIONS if (value := column(operation))}


def those(has: Callable[[Operation], bool]) -> set[str]:
    return {operation.id for operation in OPERATIONS if has(operation)}


def test_lists_have_googles_sizes():
    assert told(lambda one: one.max_page and (one.default_page, one.max_page)) == {
        **dict.fromkeys(("models.list", "models.operations.list", "cachedContents.list", "batches.list"), (50, 1000)),
        **dict.fromkeys(("tunedModels.list", "tunedModels.permissions.list", "corpora.permissions.list"), (10, 1000)),
        **dict.fromkeys(("fileSearchStores.list", "fileSearchStores.documents.list", "corpora.list"), (10, 20)),
        **{f"{collection}.list": (50, 1000) for collection in OF_INTERACTIONS},
        "files.list": (10, 100),
        "generatedFiles.list": (10, 50),
    }
    assert told(lambda one: one.lists) == {
        **{f"{kind}.list": kind for kind in ("files", "cachedContents", "batches", "fileSearchStores", "corpora")},
        **{f"{kind}.list": kind for kind in OF_INTERACTIONS},
        "models.operations.list": "operations",
    }


def test_paths_outside_the_api_have_no_version():
    assert those(lambda one: not one.versioned) == {"discovery.rest", "jwks.get"}


def test_a_client_is_told_why_it_gets_no_answer():
    assert told(lambda one: one.advice).keys() == {"files.register"}


def test_what_is_made_lives_as_long_as_google_says():
    assert told(lambda one: tuple(made.lives for made in one.makes + one.tells if made.lives)) == {
        **dict.fromkeys(("media.upload", "files.create", "models.predictLongRunning"), (48 * 3600,)),
        "models.operations.get": (48 * 3600, 48 * 3600),
        **dict.fromkeys(("openai.videos.create", "openai.videos.get"), (48 * 3600,)),
        "cachedContents.create": (3600,),
        "auth_tokens.create": (1800,),
        **dict.fromkeys(("interactions.create", "triggers.run", "triggers.executions.list"), (55 * 24 * 3600,)),
    }


def test_an_answer_names_the_environment_that_came_with_it():
    of_environments = told(lambda one: tuple(made.field for made in one.tells if made.of == "environments"))

    assert of_environments == {
        **dict.fromkeys(("interactions.create", "interactions.get", "triggers.run"), ("environment_id",)),
        "triggers.executions.list": ("trigger_executions[].environment_id",),
    }


def test_a_caller_may_choose_these_names():
    assert told(lambda one: one.chooses) == {
        **dict.fromkeys(("media.upload", "files.create"), Made("file.name", of="files")),
        "tunedModels.create": Made("tunedModelId", of="tunedModels"),
        "agents.create": Made("id", of="agents"),
        "credentials.create": Made("id", of="credentials"),
    }


def test_a_body_is_read_of_what_has_fields_and_names_models_but_where_the_path_does_or_it_holds_none():
    changes = those(lambda one: one.http in ("POST", "PATCH"))
    empty = {"batches.cancel", "openai.batches.cancel", "tunedModels.operations.cancel", "models.bidiGenerateContent"}
    no_model = {"files.create", "files.register", "fileSearchStores.create", "fileSearchStores.importFile"}
    no_model |= {"tunedModels.patch", "tunedModels.transferOwnership", "corpora.create", "models.countTokens"}
    no_model |= {f"{of}.permissions.{verb}" for of in ("tunedModels", "corpora") for verb in ("create", "patch")}
    no_model |= {one for one in BY_ID if one.lower().endswith("generatecontent") and "atch" not in one}

    fields = those(lambda one: one.takes in (Takes.FIELDS, Takes.FORM))

    streams = {"media.upload", "media.uploadToFileSearchStore", "openai.files.create"}

    assert fields == changes - empty - streams
    assert those(lambda one: one.names_models) == fields - no_model


def test_some_answers_are_no_object():
    streams = {f"{of}.streamGenerateContent" for of in ("models", "tunedModels", "dynamic")}
    sockets = {"models.bidiGenerateContent", "interactions.live"}

    assert those(lambda one: one.gives is Gives.EVENTS) == streams
    assert those(lambda one: one.gives is Gives.INTERACTION_EVENTS) == {"interactions.create", "interactions.get"}
    assert those(lambda one: one.gives is Gives.SOCKET) == sockets | {one for one in BY_ID if one.startswith("live.")}


def test_what_would_do_a_thing_twice_is_sent_once():
    once = those(lambda one: one.repeat is Repeat.NEVER)
    makes_nothing = those(lambda one: one.repeat is Repeat.UNTIL_SENT and not one.makes)

    assert once == {
        *("files.register", "models.bidiGenerateContent", "live.bidiGenerateContent", "live.bidiGenerateMusic"),
    }
    assert makes_nothing == {
        *those(lambda one: one.http in ("PATCH", "PUT")),
        *("media.uploadToFileSearchStore", "fileSearchStores.importFile", "tunedModels.transferOwnership"),
        *("tunedModels.permissions.create", "corpora.permissions.create"),
        *("interactions.cancel", "interactions.authTokens.create"),
        *("webhooks.ping", "webhooks.rotateSigningSecret"),
    }


def test_a_failure_cools_the_model_down_where_the_call_is_about_one():
    openai = {f"openai.{name}" for name in ("chat.completions", "embeddings", "images.generations", "videos.create")}
    bodies = {"cachedContents.create", "interactions.create", "decisions.create", "voices.create"}
    sockets = {"live.bidiGenerateContent", "live.bidiGenerateMusic"}

    assert those(lambda one: one.cools is Cools.MODEL) == those(lambda one: one.on_model) | openai | bodies | sockets
    assert those(lambda one: one.cools is Cools.FILES) == {"media.upload", "files.create"}


def test_tokens_are_counted_where_answers_report_them_and_texts_where_they_are_embedded():
    assert those(lambda one: one.metered is Metered.TOKENS) == {
        *{f"{of}.generateContent" for of in ("models", "tunedModels", "dynamic")},
        *those(lambda one: one.gives is Gives.EVENTS or (one.gives is Gives.SOCKET and one.family is Family.SOCKET)),
        *("interactions.create", "decisions.create", "voices.create", "openai.chat.completions"),
    }
    assert those(lambda one: one.metered is Metered.TEXTS) == {
        *("models.embedContent", "models.batchEmbedContents", "models.embedText", "models.batchEmbedText"),
        "openai.embeddings",
    }


def test_a_default_configuration_is_for_what_generates():
    assert those(lambda one: one.takes_config) == {
        f"{of}.{verb}"
        for of in ("models", "tunedModels", "dynamic")
        for verb in ("generateContent", "streamGenerateContent")
    }


def test_models_are_advertised_with_these_methods():
    assert told(lambda one: one.advertised) == {
        **{f"models.{verb}": verb for verb in ("generateContent", "countTokens", "batchGenerateContent")},
        "cachedContents.create": "createCachedContent",
    }


def test_some_methods_have_other_addresses_too():
    assert told(lambda one: one.also) == {
        "models.countTokens": ("{model=models/*}/countTokens",),
        "environments.create": ("environments:create",),
        "environments.list": ("environments:list",),
        "environments.get": ("{id=environments/*}:get",),
        "environments.delete": ("{id=environments/*}:delete",),
        **{f"openai.{name}": (f"openai/{{id={name.partition('.')[0]}/*}}",) for name in OF_OPENAI},
        "openai.models.get": ("openai/{id=models/*}",),
        "openai.batches.cancel": ("openai/{id=batches/*}/cancel",),
        "openai.files.content": ("openai/{id=files/*}/content",),
        "live.bidiGenerateContent": ("BidiGenerateContentConstrained",),
    }
    assert told(lambda one: one.other_roots) == {"files.download": ("download",)}
    assert told(lambda one: one.wrappers) == {
        "models.countTokens": ("generateContentRequest", "generate_content_request")
    }


@pytest.mark.parametrize(
    ("id_", "read_only", "shows_it", "deletes", "starts_job"),
    [
        ("files.get", True, True, False, False),
        ("files.download", True, False, False, False),
        ("fileSearchStores.documents.list", True, False, False, False),
        ("cachedContents.patch", False, True, False, False),
        ("batches.updateEmbedContentBatch", False, False, False, False),
        ("files.delete", False, False, True, False),
        ("models.generateContent", False, False, False, False),
        ("models.batchGenerateContent", False, False, False, True),
        ("cachedContents.create", False, False, False, False),
        ("openai.videos.create", False, False, False, True),
        ("openai.batches.create", False, False, False, True),
        ("openai.batches.get", True, True, False, False),
        ("openai.files.content", True, False, False, False),
    ],
)
def test_what_a_call_does_to_what_its_path_names(id_, read_only, shows_it, deletes, starts_job):
    one = BY_ID[id_]

    assert (one.read_only, one.shows_it, one.deletes, one.starts_job) == (read_only, shows_it, deletes, starts_job)


def test_lists_leave_resources_out_by_their_own_parameters():
    assert told(lambda one: one.filters if one.lists and one.family is Family.INTERACTIONS else ()) == {
        "agents.list": ("parent",),
        "environments.list": ("mode",),
        "voices.list": (
            *("accent", "context", "gender", "language_code", "persona", "pitch", "region_code", "search", "type"),
        ),
    }
    assert {one.filters for one in OPERATIONS if one.lists and one.family is Family.MODELS} == {("filter",)}


def test_what_goes_on_without_its_client_is_known():
    assert those(lambda one: one.in_background) == {"triggers.create", "triggers.run"}


def test_what_holds_a_secret_is_not_logged_and_what_hears_of_all_needs_a_project_for_itself():
    assert those(lambda one: one.secret) == {
        *("interactions.authTokens.create", "environments.create", "credentials.create", "credentials.patch"),
        *("webhooks.create", "webhooks.patch", "webhooks.rotateSigningSecret"),
    }
    assert those(lambda one: one.exclusive) == {"webhooks.create"}

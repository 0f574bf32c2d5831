import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_app.api.models.catalogue import AS_OF, KNOWN, model_resource, page
from proxy_app.wire.malformed import Malformed

METHODS = ["generateContent", "countTokens", "createCachedContent", "batchGenerateContent"]


def names(models):
    return [model["name"] for model in models]


MODELS = [model_resource(f"m{i}") for i in range(120)]


def test_a_known_model_has_googles_numbers():
    model = model_resource("gemini-2.5-pro")

    assert model["name"] == "models/gemini-2.5-pro"
    assert model["displayName"] == "Gemini 2.5 Pro"
    assert (model["inputTokenLimit"], model["outputTokenLimit"]) == (1048576, 65536)
    assert (model["temperature"], model["topP"], model["topK"], model["maxTemperature"]) == (1.0, 0.95, 64, 2.0)
    assert model["thinking"] is True
    assert model["supportedGenerationMethods"] == METHODS
    assert model["version"] == "2.5"


@pytest.mark.parametrize(
    ("model", "version"),
    [
        ("gemini-3.6-flash", "3.6"),
        ("gemini-4-argon", "4"),
        ("gemini-embedding-001", "001"),
        ("deep-research-preview-04-2026", "04-2026"),
        ("gemini-9.1-ultra", "9.1"),
        ("gemini-9-ultra-preview-11-2027", "11-2027"),
    ],
)
def test_a_version_is_in_the_name_where_google_told_none(model, version):
    assert model_resource(model)["version"] == version


def test_the_list_is_of_the_month_it_says_and_has_nothing_that_is_gone_by_then():
    assert AS_OF == "2026-11"
    assert {"gemini-3.8-flash", "gemini-3.5-flash", "gemini-flash-latest", "gemini-embedding-2"} <= KNOWN.keys()
    assert not {"gemini-2.5-pro-preview-tts", "gemini-3-pro-image-preview", "veo-3.1-generate-preview"} & KNOWN.keys()


@pytest.mark.parametrize(
    ("model", "methods"),
    [
        ("gemini-embedding-001", ["embedContent", "countTextTokens", "countTokens", "asyncBatchEmbedContent"]),
        ("gemini-3.8-live", ["bidiGenerateContent"]),
        ("veo-3.1-generate-001", ["predictLongRunning"]),
        ("imagen-3.0-generate-001", ["predict"]),
    ],
)
def test_each_model_has_the_methods_it_has(model, methods):
    assert model_resource(model)["supportedGenerationMethods"] == methods


@pytest.mark.parametrize("model", sorted(KNOWN))
def test_every_field_is_there_that_strict_clients_need(model):
    resource = model_resource(model)

    assert resource["name"] == f"models/{model}"
    assert all(resource[field] for field in ("version", "displayName", "description"))
    assert resource["inputTokenLimit"] > 0
    assert resource["outputTokenLimit"] > 0
    assert "streamGenerateContent" not in resource["supportedGenerationMethods"]
    assert "baseModelId" not in resource


def test_upstreams_own_list_goes_before_all_else():
    listed = {"name": "models/gemini-2.5-pro", "version": "9", "inputTokenLimit": 7, "new": True}

    model = model_resource("gemini-2.5-pro", {"input_limit": 5}, listed)

    assert (model["version"], model["inputTokenLimit"], model["new"]) == ("9", 7, True)
    assert "outputTokenLimit" not in model


@pytest.mark.parametrize(
    ("model", "limits"),
    [
        ("gemini-2.5-flash-image", (65536, 32768)),
        ("gemini-3-pro-image", (65536, 32768)),
        ("gemini-3.1-flash-image", (131072, 32768)),
        ("gemini-3.8-flash-tts", (8192, 16384)),
    ],
)
def test_limits_are_each_models_own(model, limits):
    resource = model_resource(model)

    assert (resource["inputTokenLimit"], resource["outputTokenLimit"]) == limits


def test_an_accounts_quota_list_goes_first():
    quota = {"display_name": "Pro (account)", "input_limit": 5, "output_limit": 3, "thinking": False}

    model = model_resource("gemini-2.5-pro", quota)

    assert (model["displayName"], model["inputTokenLimit"], model["outputTokenLimit"]) == ("Pro (account)", 5, 3)
    assert "thinking" not in model


@pytest.mark.parametrize(
    "quota", [None, {}, {"display_name": "", "input_limit": None, "output_limit": 0, "thinking": None}]
)
def test_of_an_unknown_model_nothing_is_invented(quota):
    assert model_resource("nobody-knows", quota) == {
        "name": "models/nobody-knows",
        "version": "001",
        "displayName": "nobody-knows",
        "description": "nobody-knows",
        "supportedGenerationMethods": METHODS,
    }


def test_a_model_that_only_an_account_lists():
    model = model_resource("new", {"display_name": "New", "input_limit": 7, "thinking": True})

    assert (model["displayName"], model["inputTokenLimit"], model["thinking"]) == ("New", 7, True)
    assert "outputTokenLimit" not in model


def test_resources_are_not_shared():
    model_resource("gemini-2.5-pro")["supportedGenerationMethods"].clear()

    assert model_resource("gemini-2.5-pro")["supportedGenerationMethods"]


def test_every_known_model_has_a_resource():
    assert all(model_resource(model)["inputTokenLimit"] > 0 for model in KNOWN)


@pytest.mark.parametrize("size", [None, "", "0", 0])
def test_a_page_has_fifty_models_unless_asked_otherwise(size):
    assert len(page(MODELS, size)["models"]) == 50


def test_a_page_has_at_most_a_thousand_models():
    assert len(page([{"name": str(i)} for i in range(3000)], "5000")["models"]) == 1000


def test_the_last_page_has_no_token():
    assert "nextPageToken" not in page(MODELS, 120)
    assert page([]) == {"models": []}


@given(st.integers(1, 130))
def test_pages_add_up_to_the_list(size):
    seen, token = [], None
    while True:
        answer = page(MODELS, str(size), token)
        seen += answer["models"]
        token = answer.get("nextPageToken")
        if token is None:
            break

    assert seen == MODELS


def test_a_list_that_changes_between_pages_is_neither_repeated_nor_skipped():
    token = page(MODELS, 2)["nextPageToken"]

    assert names(page([model_resource("a-new-one"), *MODELS], 1, token)["models"]) == ["models/m2"]
    assert names(page([MODELS[0], *MODELS[2:]], 1, token)["models"]) == ["models/m3"]
    assert page([], 1, token) == {"models": []}


@pytest.mark.parametrize("token", ["%%%", "abc", "é", "eA==", "OjE"])
def test_a_foreign_page_token_is_refused(token):
    with pytest.raises(Malformed, match=r"^\* ListModelsRequest.page_token: page token is invalid$"):
        page(MODELS, None, token)


@pytest.mark.parametrize("size", ["x", "1.5"])
def test_a_page_size_that_is_no_number_is_refused(size):
    with pytest.raises(Malformed, match=rf"^Invalid value at 'page_size' \(TYPE_INT32\), \"{size}\"$"):
        page(MODELS, size)


@pytest.mark.parametrize("size", ["-1", -5])
def test_a_page_size_below_nothing_is_refused(size):
    with pytest.raises(Malformed, match=r"^\* ListModelsRequest.page_size: page_size must not be negative$"):
        page(MODELS, size)

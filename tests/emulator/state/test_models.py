"""The models that an account of the emulator has: those it plays by itself, and older ones by their names."""

import pytest

from emulator.state.models import MODELS, models_for


def test_without_names_an_account_has_all_models():
    assert list(models_for(None).values()) == list(MODELS)


@pytest.mark.parametrize(
    ("name", "does", "does_not"),
    [
        ("gemini-1.5-flash", "generateContent", "batchEmbedContents"),
        ("gemini-embedding-2-preview", "batchEmbedContents", "generateContent"),
        ("imagen-3.0-generate-001", "predict", "predictLongRunning"),
        ("veo-2.0-generate-001", "predictLongRunning", "generateContent"),
    ],
)
def test_an_older_model_does_what_its_family_does(name, does, does_not):
    (model,) = models_for([name]).values()

    assert model.id == name
    assert model.does(does)
    assert not model.does(does_not)

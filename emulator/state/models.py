"""The models the emulator plays: ids, limits and traits, as the public list and fetchAvailableModels tell them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from emulator.wire.replies import Json

_GENERATE = ("generateContent", "countTokens", "createCachedContent", "batchGenerateContent")
_EMBED = ("embedContent", "countTextTokens", "countTokens", "asyncBatchEmbedContent")
_EMBEDDING = frozenset({*_EMBED, "batchEmbedContents", "embedText", "batchEmbedText"})
_OF_BOTH = frozenset({"countTokens", "countTextTokens"})
_PREDICTING = frozenset({"predict", "predictLongRunning"})
_PICTURES = ("image/png", "image/jpeg", "image/webp", "image/heic", "image/heif", "application/pdf")


@dataclass(frozen=True, slots=True)
class Model:
    """One model; `signs` marks those that demand thought signatures, `numbers_calls` those whose calls have ids.

    predicts   the one method of a model that makes media: `predict` (pictures) or `predictLongRunning` (videos)
    dimensions of its embeddings, where nobody asks for fewer
    """

    id: str
    display: str
    input_limit: int = 1_048_576
    output_limit: int = 65_536
    thinks: bool = True
    draws: bool = False
    speaks: bool = False
    embeds: bool = False
    internal: bool = False
    predicts: str = ""
    dimensions: int = 3_072

    @property
    def signs(self) -> bool:
        return self.id.startswith("gemini-3")

    @property
    def modern(self) -> bool:
        """Of 2.5 and later."""
        return not self.id.startswith(("gemini-1", "gemini-2.0"))

    @property
    def numbers_calls(self) -> bool:
        return self.signs or self.id.startswith("claude")

    def does(self, verb: str) -> bool:
        """Whether it has this method of the public API."""
        if self.predicts or verb in _PREDICTING:
            return verb == self.predicts
        return verb in _OF_BOTH or (verb in _EMBEDDING) is self.embeds

    def resource(self) -> Json:
        """The public API's Model resource."""
        generates = not self.embeds and not self.predicts
        listed = (self.predicts,) if self.predicts else _EMBED if self.embeds else _GENERATE
        return {
            "name": f"models/{self.id}",
            "version": self._version(),
            "displayName": self.display,
            "description": f"{self.display}, as played by the emulator",
            "inputTokenLimit": self.input_limit,
            "outputTokenLimit": self.output_limit,
            "supportedGenerationMethods": list(listed),
            **({"temperature": 1, "topP": 0.95, "topK": 64, "maxTemperature": 2} if generates else {}),
            **({"thinking": True} if self.thinks else {}),
        }

    def entry(self, remaining: float, resets_at: str) -> Json:
        """Its entry in fetchAvailableModels; a remaining fraction of 0 is left out, as proto JSON does."""
        quota: Json = {"remainingFraction": remaining} if remaining else {}
        return {
            "displayName": self.display,
            "supportsImages": True,
            **({"supportsThinking": True, "thinkingBudget": -1} if self.thinks else {}),
            "recommended": self.id.endswith(("-pro", "-flash", "-pro-preview")),
            "maxTokens": self.input_limit,
            "maxOutputTokens": self.output_limit,
            "supportedMimeTypes": dict.fromkeys(_PICTURES, True),
            "quotaInfo": {**quota, "resetTime": resets_at},
            "apiProvider": "API_PROVIDER_GOOGLE_GEMINI",
            "model": f"MODEL_{self.id.upper().replace('-', '_').replace('.', '_')}",
            **({"isInternal": True} if self.internal else {}),
        }

    def _version(self) -> str:
        numbers = [part for part in self.id.split("-") if part[:1].isdigit()]
        return numbers[0] if numbers else "001"


MODELS = (
    Model("gemini-2.5-pro", "Gemini 2.5 Pro"),
    Model("gemini-2.5-flash", "Gemini 2.5 Flash"),
    Model("gemini-2.5-flash-lite", "Gemini 2.5 Flash-Lite"),
    Model("gemini-2.5-flash-image", "Gemini 2.5 Flash Image", 32_768, 32_768, thinks=False, draws=True),
    Model("gemini-2.0-flash", "Gemini 2.0 Flash", output_limit=8_192, thinks=False),
    Model("gemini-2.0-flash-lite", "Gemini 2.0 Flash-Lite", output_limit=8_192, thinks=False),
    Model("gemini-flash-latest", "Gemini Flash Latest"),
    Model("gemini-3-flash", "Gemini 3 Flash"),
    Model("gemini-3-flash-preview", "Gemini 3 Flash Preview"),
    Model("gemini-3-pro-preview", "Gemini 3 Pro Preview"),
    Model("gemini-3-pro-image-preview", "Gemini 3 Pro Image Preview", 65_536, 32_768, draws=True),
    Model("gemini-3.1-pro-preview", "Gemini 3.1 Pro Preview"),
    Model("gemini-3.1-pro-low", "Gemini 3.1 Pro (Low)"),
    Model("gemini-3.1-pro-high", "Gemini 3.1 Pro (High)"),
    Model("gemini-3.1-flash-lite", "Gemini 3.1 Flash-Lite"),
    Model("gemini-3.1-flash-image", "Gemini 3.1 Flash Image", 65_536, 32_768, draws=True),
    Model("gemini-3.5-flash", "Gemini 3.5 Flash"),
    Model("gemini-3.5-flash-lite", "Gemini 3.5 Flash-Lite"),
    Model("gemini-3.6-flash", "Gemini 3.6 Flash"),
    Model("gemini-3.7-flash", "Gemini 3.7 Flash"),
    Model("gemini-3.8-flash", "Gemini 3.8 Flash"),
    Model("gemini-2.5-flash-preview-tts", "Gemini 2.5 Flash Preview TTS", 8_192, 16_384, thinks=False, speaks=True),
    Model("gemini-3.8-flash-tts", "Gemini 3.8 Flash TTS", 8_192, 16_384, thinks=False, speaks=True),
    Model("gemma-4-26b-a4b-it", "Gemma 4 26B A4B IT", 262_144, 32_768),
    Model("gemma-4-31b-it", "Gemma 4 31B IT", 262_144, 32_768),
    Model("claude-sonnet-4-6", "Claude Sonnet 4.6", 200_000, 64_000),
    Model("gemini-embedding-001", "Gemini Embedding 001", 2_048, 1, thinks=False, embeds=True),
    Model("gemini-embedding-2", "Gemini Embedding 2", 8_192, 1, thinks=False, embeds=True),
    Model("text-embedding-004", "Text Embedding 004", 2_048, 1, thinks=False, embeds=True, dimensions=768),
    Model("imagen-4.0-generate-001", "Imagen 4", 480, 8_192, thinks=False, predicts="predict"),
    Model("veo-3.1-generate-preview", "Veo 3.1", 480, 8_192, thinks=False, predicts="predictLongRunning"),
    Model("chat_20706", "chat_20706", 16_384, 4_096, thinks=False, internal=True),
)
DEPRECATED = {"gemini-3-pro-high": {"newModelId": "gemini-3.1-pro-high"}}

_BY_ID = {model.id: model for model in MODELS}


def models_for(ids: Iterable[str] | None) -> dict[str, Model]:
    """The models of an account by id: all of them, or those named; an unknown one has the traits of its family."""
    if ids is None:
        return _BY_ID
    return {name: _BY_ID.get(name) or _like_its_family(name) for name in ids}


def _like_its_family(name: str) -> Model:
    """As its name tells, an embedding model, or one for pictures or videos; else Gemini 2.5's traits."""
    match name.split("-"):
        case ["imagen", *_]:
            return Model(name, name, 480, 8_192, thinks=False, predicts="predict")
        case ["veo", *_]:
            return Model(name, name, 480, 8_192, thinks=False, predicts="predictLongRunning")
        case parts if "embedding" in parts:
            return Model(name, name, 8_192, 1, thinks=False, embeds=True)
        case _:
            return Model(name, name)

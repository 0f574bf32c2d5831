"""The model's methods, shared by both APIs: generate, stream and count, from a checked request to a `Reply`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from emulator.answers import tokens
from emulator.answers.answer import Answer, answer, fingerprint
from emulator.answers.checks import check_contents, check_generate
from emulator.answers.conversation import Conversation
from emulator.answers.responses import events, new_meta, whole
from emulator.answers.vectors.retrieval import Passage, grounding, told_from
from emulator.state.accounts import Account
from emulator.state.models import Model
from emulator.state.quota import Quota
from emulator.state.resources.caches import CACHED_FROM, CachedContent, PromptCache
from emulator.wire import faults
from emulator.wire.errors import ErrorBody, Refused, refuse
from emulator.wire.faults import FaultContext
from emulator.wire.replies import Json, Reply, Style
from emulator.wire.streaming import stream, unary


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One call of a model: by whom, how the answer is to be told, and in which envelope.

    stream    None for a unary answer, else True for SSE and False for a JSON array
    envelope  puts one public response into what the dialect sends
    spent     the error for a spent quota
    quota     what the call is counted by: a project's (public), else the account's own
    binding   what thought signatures are checked by (`Google.binding_of`)
    cached    the cached context that the request named
    passages  what the stores that it named have to say
    public    the answer is the public API's, not v1internal's
    """

    account: Account
    scene: FaultContext
    style: Style
    stream: bool | None
    envelope: Callable[[Json], Json]
    headers: Sequence[tuple[str, str]] = ()
    spent: Callable[[FaultContext], ErrorBody] = faults.quota_exhausted
    binding: str | None = None
    quota: Quota | None = None
    cached: CachedContent | None = None
    passages: Sequence[Passage] = ()
    public: bool = False


def find_model(account: Account, name: str) -> Model | None:
    return account.known_models().get(name.removeprefix("models/"))


def generate(asking: ModelCall, inner: Json, model: Model, cache: PromptCache) -> Reply:
    """Checks, counts down, answers: composed whole, and told in the style asked for."""
    told, scene = compose(asking, inner, model, cache), asking.scene
    meta = new_meta(model, scene.now, public=asking.public)
    if asking.stream is None:
        responses = asking.style.responses
        response = dict(responses[0]) if responses else whole(told, meta)
        return unary(asking.envelope(response), asking.style, scene, asking.headers)
    public = events(told, meta, asking.style) if asking.style.responses is None else asking.style.responses
    wrapped = [asking.envelope(dict(response)) for response in public]
    return stream(wrapped, asking.style, scene, asking.headers, sse=asking.stream)


def compose(asking: ModelCall, inner: Json, model: Model, cache: PromptCache, counted_as: str = "") -> Answer:
    """The answer to one call, whole.

    1. A request that is wrong costs nothing.
    2. A spent quota is a 429 that says when to come back; `counted_as` is what it counts where that is not the model.
    """
    check_generate(inner, model, binding=asking.binding)
    scene = asking.scene
    if spent := (asking.quota or asking.account.quota).spend(counted_as or model.id, scene.now):
        waiting = replace(scene, delay=max(spent.resets_at - scene.now, 0.0))
        raise Refused(asking.spent(waiting))
    told = _composed(asking, inner, model)
    _count_cached(told, asking, inner, model, cache)
    return told


def respond(asking: ModelCall, inner: Json, model: Model) -> Json:
    """One whole response, as batches hold it; no quota counts it."""
    check_generate(inner, model, binding=asking.binding)
    told = _composed(asking, inner, model)
    told.cached = asking.cached.tokens if asking.cached else 0
    return whole(told, new_meta(model, asking.scene.now, public=asking.public))


def count(inner: Json, cached: CachedContent | None = None) -> Json:
    """countTokens' answer, the same numbers as generateContent's usageMetadata."""
    check_contents(inner)
    counts = tokens.count_prompt(inner)
    held = cached.tokens if cached else 0
    total = {"totalTokens": sum(counts.values()) + held, **({"cachedContentTokenCount": held} if held else {})}
    return {**total, "promptTokensDetails": tokens.details(counts)}


def not_found() -> Refused:
    return refuse(404, "Requested entity was not found.")


def _composed(asking: ModelCall, inner: Json, model: Model) -> Answer:
    """The answer; of a prompt with a cached context only what is new is counted as its prompt."""
    asked, texts = asking.cached.before(inner) if asking.cached else inner, asking.style.texts
    found, talk = asking.passages, Conversation(asked)
    if found and not talk.wants_json():
        texts = texts or [told_from(talk.prompt, found)]
    told = answer(asked, model, texts=texts, binding=asking.binding)
    for candidate in told.candidates if found else ():
        candidate.extra["groundingMetadata"] = grounding("".join(texts or ()), found)
    if asking.cached:
        told.prompt = tokens.count_prompt(inner)
    return told


def _count_cached(told: Answer, asking: ModelCall, inner: Json, model: Model, cache: PromptCache) -> None:
    if asking.cached:
        told.cached = asking.cached.tokens
        return
    if inner.get("cachedContent"):
        told.cached = CACHED_FROM * 2
        return
    size = sum(told.prompt.values())
    cached = cache.cached(asking.account.email, model.id, fingerprint(inner), size)
    if cached:
        told.cached = cached
        told.prompt = {**told.prompt, "TEXT": max(told.prompt.get("TEXT", 0) - cached, 0)}

"""Contexts that clients have cached, and the prompts that Google caches by itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from emulator.state.resources.names import random_id
from emulator.wire.durations import timestamp
from emulator.wire.errors import Refused, refuse
from emulator.wire.replies import Json

HOUR = 3600.0
SMALLEST = 1_024
# Google caches prompts implicitly from about this size on; `cachedContent` of v1internal stands for as much.
CACHED_FROM = 1_024
_MOST_CONVERSATIONS = 10_000
# What a request that names a cache may not bring itself.
OF_CACHES = ("systemInstruction", "tools", "toolConfig")


@dataclass(slots=True)
class CachedContent:
    """A cachedContents resource; `inner` is what it holds, in the words of a generate request."""

    name: str
    model: str
    inner: Json = field(repr=False)
    tokens: int
    created: float
    updated: float
    expires: float
    display_name: str = ""

    def resource(self) -> Json:
        """What Google tells of it: never its contents."""
        return {
            "name": self.name,
            "model": self.model,
            "createTime": timestamp(self.created),
            "updateTime": timestamp(self.updated),
            "expireTime": timestamp(self.expires),
            "displayName": self.display_name,
            "usageMetadata": {"totalTokenCount": self.tokens},
        }

    def before(self, inner: Json) -> Json:
        """A generate request with the cached context before its own contents."""
        held = {part: self.inner[part] for part in OF_CACHES if part in self.inner}
        return {**inner, **held, "contents": [*self.inner.get("contents", ()), *inner.get("contents", ())]}


class Caches:
    """One project's caches; those that have expired are gone."""

    def __init__(self) -> None:
        self._by_name: dict[str, CachedContent] = {}

    def add(
        self, inner: Json, model: str, tokens: int, display_name: str, now: float, expires: float, *, name: str = ""
    ) -> CachedContent:
        """Raises Refused where the context is too small to be cached."""
        if tokens < SMALLEST:
            text = f"Cached content is too small. total_token_count={tokens}, min_total_token_count={SMALLEST}"
            raise refuse(400, text)
        name = name or f"cachedContents/{random_id(40)}"
        cache = self._by_name[name] = CachedContent(name, model, inner, tokens, now, now, expires, display_name)
        return cache

    def get(self, name: str, now: float) -> CachedContent:
        """Raises Refused with Google's words for what is not there, is another project's or has expired."""
        cache = self._by_name.get(name)
        if cache is None or cache.expires <= now:
            raise not_there()
        return cache

    def has(self, name: str, now: float) -> bool:
        return name in self._by_name and self._by_name[name].expires > now

    def all(self, now: float) -> list[CachedContent]:
        return [cache for cache in self._by_name.values() if cache.expires > now]

    def delete(self, name: str, now: float) -> None:
        del self._by_name[self.get(name, now).name]


def not_there() -> Refused:
    return refuse(403, "CachedContent not found (or permission denied)")


@dataclass(slots=True)
class PromptCache:
    """How many tokens of a conversation an account's cache holds; another account's cache holds none of them."""

    _sizes: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def cached(self, account: str, model: str, conversation: str, size: int) -> int:
        """Tokens that were there already; the prompt of `size` tokens is there from now on."""
        if size < CACHED_FROM:
            return 0
        key = (account, model, conversation)
        before = self._sizes.pop(key, 0)
        self._sizes[key] = size
        if len(self._sizes) > _MOST_CONVERSATIONS:
            del self._sizes[next(iter(self._sizes))]
        return min(before, size)

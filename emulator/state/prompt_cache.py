"""Prompts that Google caches by itself: how much of a conversation an account's cache holds."""

from dataclasses import dataclass, field

# Google caches prompts implicitly from about this size on; `cachedContent` stands for as much.
CACHED_FROM = 1_024
_MOST_CONVERSATIONS = 10_000


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

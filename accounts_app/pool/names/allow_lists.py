"""The models that operators allow on each account: many accounts, few different lists."""

from collections import Counter

from accounts_app.pool.names.globs import any_matches

Names = tuple[str, ...]  # patterns; empty: every model


class AllowLists:
    """Each account's list. A name is matched once a list, not once an account."""

    __slots__ = ("_in_use", "_of")

    def __init__(self) -> None:
        self._of: dict[int, Names] = {}
        self._in_use: Counter[Names] = Counter()

    def __repr__(self) -> str:
        return f"<AllowLists {len(self._of)} accounts, {len(self._in_use)} lists>"

    def put(self, account: int, models: Names) -> None:
        """Set the models an account may serve; without any it may serve all."""
        if before := self._of.pop(account, ()):
            self._in_use[before] -= 1
            if not self._in_use[before]:
                del self._in_use[before]
        if models:
            self._of[account] = models
            self._in_use[models] += 1

    def naming(self, model: str) -> frozenset[Names]:
        """The lists that allow the model."""
        return frozenset(models for models in self._in_use if any_matches(models, model))

    def lets(self, account: int, lists: frozenset[Names]) -> bool:
        """Whether the account may serve a model that exactly these lists allow."""
        models = self._of.get(account)
        return models is None or models in lists

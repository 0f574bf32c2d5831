"""The models that accounts are kept to by their operators: many accounts, few lists."""

from collections import Counter

from accounts_app.pool.names.globs import any_matches

Names = tuple[str, ...]  # with stars; empty: every model


class AllowLists:
    """Each account's list, so that a name is looked up once a list, and not once an account."""

    __slots__ = ("_in_use", "_of")

    def __init__(self) -> None:
        self._of: dict[int, Names] = {}
        self._in_use: Counter[Names] = Counter()

    def __repr__(self) -> str:
        return f"<AllowLists {len(self._of)} accounts, {len(self._in_use)} lists>"

    def put(self, account: int, models: Names) -> None:
        """The account is kept to these from now on; without any it is forgotten."""
        if before := self._of.pop(account, ()):
            self._in_use[before] -= 1
            if not self._in_use[before]:
                del self._in_use[before]
        if models:
            self._of[account] = models
            self._in_use[models] += 1

    def naming(self, model: str) -> frozenset[Names]:
        """The lists that have the model in them."""
        return frozenset(models for models in self._in_use if any_matches(models, model))

    def lets(self, account: int, lists: frozenset[Names]) -> bool:
        """Whether an account may answer for what is in `lists` and in no other."""
        models = self._of.get(account)
        return models is None or models in lists

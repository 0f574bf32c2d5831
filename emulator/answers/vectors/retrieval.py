"""The passages of documents that fit a question, as a file search store finds them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from emulator.answers.vectors.embeddings import meanings, nearness
from emulator.wire.replies import Json

# Below this a passage has nothing to do with the question.
_NEAR_ENOUGH = 0.15
_USUAL_PASSAGES = 5
_SENTENCE = re.compile(r"[^.!?。\n]+(?:[.!?。]+|\n|$)")


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document in a store. `store` is its full name, `metadata` what the client said of the document."""

    store: str
    title: str
    text: str
    metadata: Sequence[Json] = ()

    def chunk(self) -> Json:
        """As groundingChunks tell it."""
        told: Json = {"title": self.title, "text": self.text, "fileSearchStore": self.store}
        if self.metadata:
            told["customMetadata"] = list(self.metadata)
        return {"retrievedContext": told}


def nearest(question: str, passages: Iterable[Passage], most: int = 0) -> list[Passage]:
    """The passages that have to do with the question, nearest first, `most` at most (0: five)."""
    asked = meanings(question)
    rated = [(nearness(asked, meanings(passage.text)), passage) for passage in passages]
    near = sorted((one for one in rated if one[0] >= _NEAR_ENOUGH), key=lambda one: -one[0])
    return [passage for _, passage in near[: most or _USUAL_PASSAGES]]


def told_from(question: str, passages: Sequence[Passage]) -> str:
    """An answer in the words of the passage that fits best: its sentence nearest to the question."""
    asked, best = meanings(question), passages[0].text.strip()
    sentences = [match[0].strip() for match in _SENTENCE.finditer(best) if match[0].strip()]
    return max(sentences, key=lambda sentence: nearness(asked, meanings(sentence)), default=best)


def grounding(answered: str, passages: Sequence[Passage]) -> Json:
    """groundingMetadata of an answer that was told from the passages."""
    segment = {"endIndex": len(answered.encode("utf-8", "replace")), "text": answered}
    return {
        "groundingChunks": [passage.chunk() for passage in passages],
        "groundingSupports": [{"segment": segment, "groundingChunkIndices": [0]}],
    }

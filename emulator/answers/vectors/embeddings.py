"""Embeddings: a text's concepts as one vector, the same for the same text."""

from __future__ import annotations

import hashlib
import math
import struct
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache

from emulator.answers.vectors.concepts import concepts

LARGEST = 3_072
# A meaning is +1 or -1 at so many places of each stretch, so that a vector cut short still tells texts apart.
_STRETCHES = ((0, 16, 4), (16, 96, 20), (96, 768, 40), (768, LARGEST, 64))
# How much the task turns a vector: texts of two tasks stay comparable.
_TURN = 0.1
# How much of a word's vector is its own: the rest it shares with the words that mean the same.
_OWN_SOUND = 0.3
_MOST_WORDS = 4_000
_MOST_CHARACTERS = 40_000


def embed(text: str, size: int = LARGEST, task: str = "") -> list[float]:
    """A unit vector of `size` numbers; paraphrases are near each other, unrelated texts about at right angles."""
    weights = meanings(text) or {f"text {text}": 1.0}
    if task:
        weights[f"task {task}"] = _TURN * _length(weights)
    vector = [0.0] * LARGEST
    for meaning, weight in weights.items():
        for place, sign in _places(meaning):
            vector[place] += sign * weight
    return _unit(vector[:size])


def meanings(text: str) -> dict[str, float]:
    """What a text speaks of, each with its weight; {} for a text without words."""
    weights: dict[str, float] = {}
    for (concept, stem), count in Counter(concepts(text[:_MOST_CHARACTERS])[:_MOST_WORDS]).items():
        for meaning, share in ((concept, 1.0), (f"word {stem}", _OWN_SOUND)):
            weights[meaning] = math.hypot(weights.get(meaning, 0.0), share * math.sqrt(count))
    return weights


def nearness(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """The cosine of two texts by their meanings: what their vectors come close to."""
    shared = sum(weight * other.get(meaning, 0.0) for meaning, weight in one.items())
    return shared / (_length(one) * _length(other)) if shared else 0.0


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    """Of two unit vectors."""
    return sum(a * b for a, b in zip(one, other, strict=True))


def _length(weights: Mapping[str, float]) -> float:
    return math.hypot(*weights.values())


def _unit(vector: list[float]) -> list[float]:
    length = math.sqrt(sum(number * number for number in vector))
    if not length:
        return [1.0, *vector[1:]]
    return [round(number / length, 8) for number in vector]


@lru_cache(maxsize=8_192)
def _places(meaning: str) -> tuple[tuple[int, int], ...]:
    number = sum(count for _, _, count in _STRETCHES)
    drawn = struct.unpack(f"<{number}I", hashlib.shake_256(meaning.encode("utf-8", "replace")).digest(number * 4))
    found, index = [], 0
    for start, end, count in _STRETCHES:
        for value in drawn[index : index + count]:
            found.append((start + (value >> 1) % (end - start), 1 if value & 1 else -1))
        index += count
    return tuple(found)

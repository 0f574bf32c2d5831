"""The little the emulator knows: a few capitals, lists by subject, greetings."""

from __future__ import annotations

import re

GREETINGS = {
    "hello": "Hello! What shall we try today?",
    "hi": "Hi there! Ask me anything, or say “what are you?” to learn more.",
    "hey": "Hey! How can I help?",
    "good morning": "Good morning! What is on your mind?",
    "good evening": "Good evening! What is on your mind?",
    "bonjour": "Bonjour ! Comment puis-je vous aider ?",
    "hola": "¡Hola! ¿En qué puedo ayudarte?",
    "hallo": "Hallo! Wie kann ich helfen?",
    "ciao": "Ciao! Come posso aiutarti?",
    "привет": "Привет! Чем могу помочь?",
    "你好": "你好！有什么可以帮你的吗？",  # noqa: RUF001
    "こんにちは": "こんにちは！何をお手伝いしましょうか？",  # noqa: RUF001
}
_CAPITALS = {
    "argentina": "Buenos Aires",
    "australia": "Canberra",
    "austria": "Vienna",
    "brazil": "Brasília",
    "canada": "Ottawa",
    "china": "Beijing",
    "egypt": "Cairo",
    "france": "Paris",
    "germany": "Berlin",
    "india": "New Delhi",
    "italy": "Rome",
    "japan": "Tokyo",
    "kenya": "Nairobi",
    "mexico": "Mexico City",
    "norway": "Oslo",
    "portugal": "Lisbon",
    "spain": "Madrid",
    "switzerland": "Bern",
    "the united kingdom": "London",
    "the united states": "Washington, D.C.",
}
COUNTRIES = tuple(name.removeprefix("the ").title() for name in _CAPITALS)
_LISTS = {
    "fruit": ("apples", "bananas", "cherries", "dates", "figs", "grapes", "lemons", "mangoes", "pears", "plums"),
    "colo": ("red", "orange", "yellow", "green", "blue", "indigo", "violet", "brown", "black", "white"),
    "planet": ("Mercury", "Venus", "Earth", "Mars", "Jupiter", "Saturn", "Uranus", "Neptune"),
    "animal": ("otter", "heron", "badger", "lynx", "salmon", "owl", "hedgehog", "horse", "seal", "bee"),
    "cit": ("Lisbon", "Nairobi", "Kyoto", "Montréal", "Lima", "Oslo", "Hanoi", "Cape Town", "Porto", "Vienna"),
    "language": ("Python", "Rust", "Go", "TypeScript", "Haskell", "Elixir", "C", "Java", "Lisp", "Zig"),
    "prime": ("2", "3", "5", "7", "11", "13", "17", "19", "23", "29"),
}
_CAPITAL = re.compile(r"\bcapital (?:city )?of ([\w ]+)", re.IGNORECASE)


def capital(prompt: str) -> str:
    """`The capital of France is Paris.`, or "" when that is not asked or not known."""
    if not (match := _CAPITAL.search(prompt)):
        return ""
    country = match[1].strip()
    known = _CAPITALS.get(country.lower()) or _CAPITALS.get(f"the {country.lower()}")
    return f"The capital of {country} is {known}." if known else ""


def things(subject: str) -> tuple[str, ...]:
    """Ten or so things of a kind, () for an unknown kind."""
    words = subject.lower().split()
    return next((listed for stem, listed in _LISTS.items() if any(word.startswith(stem) for word in words)), ())

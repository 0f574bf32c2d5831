"""System instructions, followed where it is plain what they want."""

from __future__ import annotations

import re

from emulator.answers.conversation import Conversation

_NAME = re.compile(r"\b(?:your name is|you are (?:called|named))\s+([\w'-]+)", re.IGNORECASE)
_ASKS_NAME = re.compile(r"\b(?:your name|who are you|call you)\b", re.IGNORECASE)
_ONLY = re.compile(
    r"\b(?:(?:always|only|just)\s+(?:say|reply|respond|answer)(?:\s+with)?|(?:say|reply|respond|answer)\s+(?:only|always)"
    r"(?:\s+with)?)\s+(?:exactly\s+|the words?\s+)?[\"“'‘]([^\"”'’]+)[\"”'’]",  # noqa: RUF001
    re.IGNORECASE,
)
_ENDS = r"\s+(?:every|each|all|your|the)\s+(?:answers?|repl(?:y|ies)|responses?|messages?|sentences?)\s+with"
_WORDS = r"\s+(?:the words?\s+)?[\"“'‘]([^\"”'’]+)[\"”'’]"  # noqa: RUF001
_BEGIN = re.compile(rf"\b(?:begin|start){_ENDS}{_WORDS}", re.IGNORECASE)
_FINISH = re.compile(rf"\b(?:end|finish){_ENDS}{_WORDS}", re.IGNORECASE)
_UPPER = re.compile(r"\b(?:upper ?case|capital letters|all caps)\b", re.IGNORECASE)
_LOWER = re.compile(r"\blower ?case\b", re.IGNORECASE)
_PERSONA = re.compile(
    r"\b(?:you are|(?:act|speak|talk|answer|respond) (?:as|like))\s+(?:an? )?(?:\w+ )?(cat|dog|pirate|robot)\b",
    re.IGNORECASE,
)
_SOUNDS = {"cat": "Meow!", "dog": "Woof!", "pirate": "Arr!", "robot": "Beep."}


def instead(talk: Conversation) -> str:
    """What the instruction wants said whatever is asked, "" as a rule."""
    if match := _ONLY.search(talk.instruction):
        return match[1]
    match = _NAME.search(talk.instruction)
    return f"My name is {match[1]}." if match and _ASKS_NAME.search(talk.prompt) else ""


def dressed(talk: Conversation, text: str) -> str:
    """The answer in the manner that the instruction asks for."""
    instruction = talk.instruction
    if not instruction:
        return text
    if match := _PERSONA.search(instruction):
        text = f"{_SOUNDS[match[1].lower()]} {text}"
    if match := _BEGIN.search(instruction):
        text = f"{match[1]} {text}"
    if match := _FINISH.search(instruction):
        text = f"{text} {match[1]}"
    if _UPPER.search(instruction):
        return text.upper()
    return text.lower() if _LOWER.search(instruction) else text

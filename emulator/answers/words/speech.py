"""What the emulator says: short, varied, and the same for the same conversation."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence

from emulator.answers.conversation import Conversation
from emulator.answers.words.arithmetic import solve
from emulator.answers.words.knowledge import GREETINGS, capital, things

CONNECT = (
    "I am the gateway's built-in emulator: I play Google's side so that everything can be tried without an account. "
    "To talk to a real Gemini model, open the admin, choose Accounts → Add account and sign in; "
    "from then on your requests go to that account and I step aside."
)

_THINGS = ("apples", "bridges", "candles", "drums", "engines", "feathers", "gardens", "harbours", "islands", "jackets")
_HAIKU = (
    "A request comes in,\nan account lends it its voice:\nwords return like rain.",
    "Morning, one packet\ncrosses the quiet gateway.\nSomewhere, a light blinks.",
    "Tokens fall like leaves;\nthe stream forgets each of them\nand runs on, still whole.",
)
_JOKE = (
    "Why did the packet take the gateway? Because the other route was 404.",
    "I would tell you a joke about UDP, but you might not get it. Over HTTP I can at least be sure.",
    "There are two hard things in streaming: knowing when to stop, and",
)
_OPENINGS = (
    "You asked: “{prompt}”",
    "“{prompt}”: let me think about that with you.",
    "“{prompt}”, you say.",
    "To “{prompt}” an emulator can only answer this much.",
)
_MIDDLES = (
    "A real model would weigh sources and examples here; I only reflect your question, so that you can see it travel"
    " through the gateway and back.",
    "I have no knowledge of my own, but the round trip you just made is real: a key, an account, a stream of events.",
    "Take this as a rehearsal: the request, the stream and the token counts are genuine, only the wisdom is missing.",
)
_ENDINGS = (
    "Connect a real account for a real answer.",
    "Ask me to count, to list things, to reckon, or to remember what you said before.",
    "Say “what are you?” and I will tell you how to connect a real account.",
)
_SMALL = """a an the and or of to in on for with at by from is are was were be do does did can could would should will
what who how why when where which please tell me my i you your it this that about explain write give show
describe summarize summarise make let us"""
_STOP_WORDS = frozenset(_SMALL.split())
_QUALIFIED = r"(?:exactly|only|just|the (?:single )?word|the (?:exact )?(?:words?|text|phrase)|one word|nothing but)"
_ECHO = (
    re.compile(
        rf"^(?:please |can you |could you )?(?:say|repeat|echo)(?: after me)?(?: {_QUALIFIED})*\s*:?\s+(.+)",
        re.I | re.S,
    ),
    re.compile(rf"\b(?:reply|respond|answer)(?: with)?(?: {_QUALIFIED})+\s*:?\s+(.+)", re.I | re.S),
    re.compile(r"\b(?:reply|respond|answer) with:?\s+(.+)", re.I | re.S),
)
_NAME = re.compile(r"\b(?:my name is|call me|i am called)\s+([\w'-]+)", re.IGNORECASE)
_LIST = re.compile(r"\b(?:list|name|give me)\s+(?:me\s+)?(\d+|three|five|ten|some|a few)\s+(.+)", re.IGNORECASE)
_COUNT = re.compile(r"\bcount\s+(?:(?:from\s+)?(-?\d+)\s+)?(?:up\s+)?to\s+(-?\d+)", re.IGNORECASE)
_LONG = re.compile(r"\b(?:(\d+)\s+words|long (?:story|text|answer|essay))\b", re.IGNORECASE)
_WORDS_FOR_NUMBERS = {"three": 3, "five": 5, "ten": 10, "some": 3, "a few": 3}
_LONGEST_COUNT = 2_000
_LONGEST_TEXT = 20_000
# Of a longer prompt only so many characters are understood.
_LONGEST_PROMPT = 100_000


def speak(talk: Conversation, variation: int = 0) -> str:
    """The answer in words; `variation` tells the candidates of one answer apart."""
    prompt = talk.prompt[:_LONGEST_PROMPT].strip()
    if results := talk.function_results():
        return _tell_results(results)
    if attached := talk.attachments():
        return _tell_attachments(attached, prompt)
    for try_to in _SKILLS:
        if text := try_to(talk, prompt):
            return text if not variation else f"{text} (Candidate {variation + 1}.)"
    return _reflect(talk, prompt, variation)


def think(talk: Conversation) -> list[str]:
    """Thought summaries, as `includeThoughts` asks for."""
    subject = subject_of(talk.prompt)
    return [
        f"**Considering the request**\n\nThe user wants something about {subject}. I look at what was said before.\n\n",
        f"**Choosing the words**\n\nA short answer about {subject} will do; I keep it plain.\n\n",
    ]


def subject_of(prompt: str) -> str:
    words = [word for word in re.findall(r"[\w'-]+", prompt[:2_000]) if word.lower() not in _STOP_WORDS]
    return " ".join(words[:6]) or "this"


def _tell_results(results: Sequence[tuple[str, object]]) -> str:
    told = [f"{name} says: {_plainly(result)}" for name, result in results]
    return "Here is what I found. " + "; ".join(told) + "."


def _plainly(result: object) -> str:
    if isinstance(result, dict):
        if len(result) == 1:
            return _plainly(next(iter(result.values())))
        return ", ".join(f"{key} {_plainly(value)}" for key, value in result.items())
    return result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)


def _tell_attachments(attached: Sequence[str], prompt: str) -> str:
    asked = f" You asked: “{prompt[:120]}”." if prompt else ""
    return f"I received {' and '.join(attached)}.{asked} I cannot see, so a real model has to look at it."


def _greet(talk: Conversation, prompt: str) -> str:
    said = prompt.lower().strip(" .!?,！。")  # noqa: RUF001
    greeting = next((one for one in GREETINGS if re.match(rf"{one}(?!\w)", said) or said == one), "")
    if re.fullmatch(rf"(?:{greeting})?\W*how are you(?: doing| today)*", said):
        return "All well here, thank you: the socket is open and the stream runs. How can I help?"
    return GREETINGS[greeting] if greeting and len(said) <= len(greeting) + 12 and "?" not in prompt else ""


def _know(talk: Conversation, prompt: str) -> str:
    return capital(prompt)


def _reckon(talk: Conversation, prompt: str) -> str:
    return solve(prompt)


def _remember(talk: Conversation, prompt: str) -> str:
    said, asked = talk.user_texts()[:-1], prompt.lower()
    if "my name" in asked and "?" in prompt:
        names = [match[1] for text in said for match in _NAME.finditer(text)]
        return f"Your name is {names[-1]}; you told me so before." if names else "You have not told me your name yet."
    if match := _NAME.search(prompt):
        return f"Nice to meet you, {match[1]}. I will remember that for the rest of this conversation."
    if re.search(r"\bfirst (?:question|message|thing)\b", asked) and said:
        return f"The first thing you said was: “{said[0][:200]}”"
    if (
        re.search(r"\b(?:what did i (?:just )?(?:say|ask|tell)|previous (?:question|message)|before that)\b", asked)
        and said
    ):
        return f"Just before, you said: “{said[-1][:200]}”"
    if re.search(r"\bsumm?ari[sz]e (?:our|this|the) (?:conversation|chat|discussion)\b", asked) and said:
        return "So far you said: " + "; ".join(f"“{text[:80]}”" for text in said[-10:]) + "."
    if re.search(r"\bwhat did you (?:just )?say\b", asked) and (told := talk.model_texts()):
        return f"I said: “{told[-1][:200]}”"
    return ""


def _introduce(talk: Conversation, prompt: str) -> str:
    asked = prompt.lower()
    about = (
        r"\b(?:who|what) are you\b|\bemulator\b|\bconnect\b.*\baccount|\badd\b.*\baccount|\bare you (?:real|gemini)\b"
    )
    return CONNECT if re.search(about, asked) else ""


def _count(talk: Conversation, prompt: str) -> str:
    if not (match := _COUNT.search(prompt)):
        return ""
    start, end = int(match[1] or 1), int(match[2])
    step = 1 if end >= start else -1
    end = max(min(end, start + _LONGEST_COUNT), start - _LONGEST_COUNT)
    return ", ".join(str(number) for number in range(start, end + step, step))


def _list(talk: Conversation, prompt: str) -> str:
    if not (match := _LIST.search(prompt)):
        return ""
    asked = match[1].lower()
    length = min(_WORDS_FOR_NUMBERS.get(asked) or int(asked), 100)
    subject = match[2].strip(" .?!\n")[:80]
    known = things(subject) or _THINGS
    start = known.index(_choice(prompt, known))
    named = [known[(start + index) % len(known)] for index in range(length)]
    listed = "\n".join(f"{index}. {thing}" for index, thing in enumerate(named, 1))
    return f"Here is a list of {match[1]} {subject}:\n\n{listed}"


def _entertain(talk: Conversation, prompt: str) -> str:
    asked = prompt.lower()
    if re.search(r"\b(?:haiku|poem|verse)\b", asked):
        return _choice(prompt, _HAIKU)
    return _choice(prompt, _JOKE) if re.search(r"\bjoke\b", asked) else ""


def _tell_long(talk: Conversation, prompt: str) -> str:
    if not (match := _LONG.search(prompt)):
        return ""
    length = min(int(match[1] or 300), _LONGEST_TEXT)
    subject, words = subject_of(_LONG.sub("", prompt)), 0
    sentences: list[str] = []
    while words < length:
        thing = _choice(f"{prompt}{len(sentences)}", _THINGS)
        sentence = (
            f"In part {len(sentences) + 1} of the story of {subject}, someone goes looking for {thing} and finds a"
        )
        sentences.append(f"{sentence} {'river' if len(sentences) % 2 else 'lamp'} instead.")
        words += len(sentences[-1].split())
    return " ".join(sentences)


def _echo(talk: Conversation, prompt: str) -> str:
    matches = (pattern.search(prompt) for pattern in _ECHO)
    said = next((match[1] for match in matches if match), "").strip()
    quoted = re.match("[\"“'‘](.+?)[\"”'’]", said, re.DOTALL)  # noqa: RUF001
    return quoted[1] if quoted else said


def _reflect(talk: Conversation, prompt: str, variation: int) -> str:
    key, shown = f"{prompt}{variation}", " ".join(prompt[:400].split())
    opening = _choice(key, _OPENINGS).replace("{prompt}", f"{shown[:100]}…" if len(shown) > 100 else shown)
    parts = [opening, _choice(key + "middle", _MIDDLES), _choice(key + "end", _ENDINGS)]
    turns = len(talk.user_texts())
    if turns > 1:
        parts.insert(1, f"This is turn {turns}; earlier you spoke of {subject_of(talk.user_texts()[-2])}.")
    return " ".join(parts)


def _choice(key: str, choices: Sequence[str]) -> str:
    return choices[hashlib.sha256(key.encode("utf-8", "replace")).digest()[0] % len(choices)]


_SKILLS: Sequence[Callable[[Conversation, str], str]] = (
    _remember,
    _greet,
    _reckon,
    _know,
    _introduce,
    _count,
    _list,
    _tell_long,
    _echo,
    _entertain,
)

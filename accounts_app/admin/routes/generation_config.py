"""Checks a default generationConfig when an operator enters it, before calls fail because of it."""

import difflib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminTextareaWidget

# Whether a value fits, and what is wanted, in the language of the request.
Rule = tuple[Callable[[Any], bool], Callable[[], str]]

_LETTER = re.compile(r"(?<=[A-Za-z0-9])_([a-z])")


def _number(low: float, high: float) -> Rule:
    return (
        lambda value: isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high,
        lambda: _("a number from %(low)s to %(high)s") % {"low": low, "high": high},
    )


def _whole(low: int) -> Rule:
    return (
        lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= low,
        lambda: _("a whole number, %(low)s or more") % {"low": low},
    )


def _one_of(*known: str) -> Rule:
    return lambda value: isinstance(value, str) and value.upper() in known, lambda: ", ".join(known)


_TEXT: Rule = (lambda value: isinstance(value, str), lambda: _("a text"))
_TEXTS: Rule = (
    lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value),
    lambda: _("a list of texts"),
)
_YES_NO: Rule = (lambda value: isinstance(value, bool), lambda: _("true or false"))
_OBJECT: Rule = (lambda value: isinstance(value, dict), lambda: _("an object"))

# GenerationConfig as ai.google.dev/api/generate-content describes it. Other names pass: upstream may know more by now.
RULES: Mapping[str, Rule] = {
    "temperature": _number(0, 2),
    "topP": _number(0, 1),
    "topK": _whole(1),
    "candidateCount": _whole(1),
    "maxOutputTokens": _whole(1),
    "seed": _whole(-(2**31)),
    "presencePenalty": _number(-2, 2),
    "frequencyPenalty": _number(-2, 2),
    "stopSequences": _TEXTS,
    "responseMimeType": _TEXT,
    "responseModalities": _TEXTS,
    "responseSchema": _OBJECT,
    "responseJsonSchema": _OBJECT,
    "responseLogprobs": _YES_NO,
    "logprobs": _whole(0),
    "mediaResolution": _TEXT,
    "thinkingConfig": _OBJECT,
    "speechConfig": _OBJECT,
    "imageConfig": _OBJECT,
}
THINKING_RULES: Mapping[str, Rule] = {
    "thinkingBudget": _whole(-1),
    "thinkingLevel": _one_of("MINIMAL", "LOW", "MEDIUM", "HIGH"),
    "includeThoughts": _YES_NO,
}
# A name that resembles a known one this much is taken for a typing error.
RESEMBLES = 0.75


class GenerationConfigField(forms.JSONField):
    """A GenerationConfig as JSON; empty is none. Names come out in lowerCamelCase."""

    def __init__(self, **options: Any) -> None:
        widget = UnfoldAdminTextareaWidget(attrs={"rows": 8, "spellcheck": "false"})
        super().__init__(**{"required": False, "widget": widget, **options})

    def prepare_value(self, value: Any) -> Any:
        if value is None or isinstance(value, dict):
            return json.dumps(value, indent=2, ensure_ascii=False) if value else ""
        return super().prepare_value(value)

    def clean(self, value: Any) -> dict[str, Any]:
        given = super().clean(value) or {}
        if not isinstance(given, dict):
            raise forms.ValidationError(_("This is not a JSON object: { … }."))
        config = _checked(given, RULES)
        if "thinkingConfig" in config:
            thinking = _checked(config["thinkingConfig"], THINKING_RULES)
            if "thinkingBudget" in thinking and "thinkingLevel" in thinking:
                raise forms.ValidationError(_("Of thinkingBudget and thinkingLevel upstream takes one."))
            config["thinkingConfig"] = thinking
        return config


def _checked(given: dict[str, Any], rules: Mapping[str, Rule]) -> dict[str, Any]:
    """`given` by the names in `rules`. Raises ValidationError with every mistake."""
    checked, mistakes = {}, []
    for spelled, value in given.items():
        name = _LETTER.sub(lambda letter: letter[1].upper(), spelled)
        checked[name] = value
        if name in rules:
            fits, wanted = rules[name]
            if not fits(value):
                mistakes.append(_("%(name)s is %(wanted)s.") % {"name": name, "wanted": wanted()})
        elif meant := difflib.get_close_matches(name, rules, n=1, cutoff=RESEMBLES):
            mistakes.append(_("%(name)s is not known. Is it %(meant)s?") % {"name": spelled, "meant": meant[0]})
    if mistakes:
        raise forms.ValidationError(mistakes)
    return checked

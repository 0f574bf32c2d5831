"""The sums a prompt may contain, worked out by a small recursive-descent parser."""

from __future__ import annotations

import re

_SUM = re.compile(r"[-+(]*\s*\d[\d\s.,()+\-*/×÷^%x]*[\d)]")  # noqa: RUF001 (a real multiplication sign)
_OPERATOR = re.compile(r"[+\-*/×÷^]|\dx\d|\d x \d|\bof\b")  # noqa: RUF001
_TOKEN = re.compile(r"\s*(\d+(?:\.\d+)?|[-+*/^()])")
_WORDS = (
    (" plus ", " + "),
    (" minus ", " - "),
    (" times ", " * "),
    (" multiplied by ", " * "),
    (" divided by ", " / "),
)
_PERCENT = re.compile(r"(\d+(?:\.\d+)?) ?(?:%|percent) of ")
_ASKED = re.compile(r"\b(?:what|how much|calculate|compute|solve|sum|is)\b|=", re.IGNORECASE)
_LONGEST = 200
_LARGEST_POWER = 1_000
_LARGEST_RESULT = 1e30


class _NotASum(Exception):
    pass


def solve(prompt: str) -> str:
    """`12 * 7 = 84`, or "" when the prompt is not a sum."""
    text = _PERCENT.sub(r"\1 / 100 * ", prompt[:_LONGEST].lower())
    for word, sign in _WORDS:
        text = text.replace(word, sign)
    for match in _SUM.finditer(text):
        expression = match[0].strip()
        bare = text.strip(" =?.") == expression.strip(" =?.")
        if not _OPERATOR.search(expression) or not (bare or _ASKED.search(text)):
            continue
        try:
            value = _Parser(expression).value()
        except (_NotASum, ZeroDivisionError, OverflowError):
            continue
        if abs(value) < _LARGEST_RESULT:
            return f"{' '.join(expression.split())} = {_shown(value)}"
    return ""


def _shown(value: float) -> str:
    if isinstance(value, int) or value.is_integer():
        return str(int(value))
    return f"{value:.10g}"


class _Parser:
    """sum = product {(+|-) product}; product = power {(*|/) power}; power = signed [^ power]."""

    def __init__(self, expression: str) -> None:
        plain = expression.replace("×", "*").replace("÷", "/").replace("x", "*").replace(",", "")  # noqa: RUF001
        self._tokens = _TOKEN.findall(plain)
        if "".join(self._tokens) != "".join(plain.split()):
            raise _NotASum
        self._next = 0

    def value(self) -> float:
        value = self._sum()
        if self._next != len(self._tokens):
            raise _NotASum
        return value

    def _sum(self) -> float:
        value = self._product()
        while (sign := self._peek()) in {"+", "-"}:
            self._next += 1
            right = self._product()
            value = value + right if sign == "+" else value - right
        return value

    def _product(self) -> float:
        value = self._power()
        while (sign := self._peek()) in {"*", "/"}:
            self._next += 1
            right = self._power()
            value = value * right if sign == "*" else value / right
        return value

    def _power(self) -> float:
        base = self._signed()
        if self._peek() != "^":
            return base
        self._next += 1
        exponent = self._power()
        if abs(exponent) > _LARGEST_POWER or abs(base) > 1e9:
            raise _NotASum
        if base < 0 and exponent != int(exponent):
            raise _NotASum
        return float(base**exponent) if exponent < 0 else base**exponent

    def _signed(self) -> float:
        token = self._peek()
        self._next += 1
        if token == "-":
            return -self._signed()
        if token == "+":
            return self._signed()
        if token == "(":
            value = self._sum()
            if self._peek() != ")":
                raise _NotASum
            self._next += 1
            return value
        if not token or not token[0].isdigit():
            raise _NotASum
        return float(token) if "." in token else int(token)

    def _peek(self) -> str:
        return self._tokens[self._next] if self._next < len(self._tokens) else ""

"""Reads a text with `{{ ... }}` into Jinja's syntax tree. A node's `lineno` is its offset in the text."""

import re
from collections.abc import Collection, Iterator
from typing import Any

from jinja2 import TemplateSyntaxError, nodes
from jinja2.lexer import Token, TokenStream, float_re, integer_re, operator_re, operators, string_re
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bud_server.expressions.errors import EvaluationError, ExpressionError
from bud_server.expressions.limits import DEEPEST_BRACKETS, DEEPEST_SYNTAX, LONGEST_TEXT, MOST_NODES, check_bits

_NAME = re.compile(r"\w+")
_SPACE = re.compile(r"\s+")
_TOKENS = (("float", float_re), ("integer", integer_re), ("name", _NAME), ("string", string_re), ("op", operator_re))
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_NOTHING = ("", "")
_DOT = ("dot", "")
_FOREIGN = re.compile(r"\{%|\{#|\}\}")
_ESCAPE = re.compile(
    r"\\(\n|[\\'\"abfnrtv]|[0-3]?[0-7]{1,2}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^{}]+\}|[xuUN])"
    r"|\\[^\\]"
)


class Environment(ImmutableSandboxedEnvironment):
    """Jinja without blocks and comments, for texts that may name steps with a hyphen. It only parses."""

    def __init__(self, step_ids: Collection[str] = ()) -> None:
        super().__init__()
        self._step_ids = sorted(step_ids, key=len, reverse=True)

    def _tokenize(
        self, source: str, name: str | None, filename: str | None = None, state: str | None = None
    ) -> TokenStream:
        return TokenStream(_Reader(source, self._step_ids).tokens(), name, filename)


def parse(text: str, step_ids: Collection[str]) -> list[nodes.Expr]:
    """Return the parts of a text in order: TemplateData for what is literal, any other node for an expression.

    Raises ExpressionError if the text is not well-formed, or larger than the limits.
    """
    if len(text) > LONGEST_TEXT:
        raise ExpressionError(f"a text with {{{{ }}}} has at most {LONGEST_TEXT:,} characters, this has {len(text):,}")
    try:
        template = Environment(step_ids).parse(text)
    except TemplateSyntaxError as error:
        raise ExpressionError(_plain(error.message or ""), error.lineno) from None
    _check_size(template)
    return [part for output in template.body if isinstance(output, nodes.Output) for part in output.nodes]


def _plain(message: str) -> str:
    for jinja, plain in (("end of print statement", "}}"), ("end of template", "end of the text"), ("token ", "")):
        message = message.replace(jinja, plain)
    return message.removesuffix(".")


def _check_size(template: nodes.Template) -> None:
    count, waiting = 0, [(child, 0) for child in template.body]
    while waiting:
        node, depth = waiting.pop()
        count += 1
        if depth > DEEPEST_SYNTAX:
            raise ExpressionError(f"this is nested deeper than {DEEPEST_SYNTAX}", node.lineno)
        if count > MOST_NODES:
            raise ExpressionError(f"this has more than {MOST_NODES:,} parts", node.lineno)
        waiting.extend((child, depth + 1) for child in node.iter_child_nodes())


class _Reader:
    """Cuts one text into tokens."""

    def __init__(self, text: str, step_ids: list[str]) -> None:
        self._text = text
        self._step_ids = step_ids
        self._position = 0

    def tokens(self) -> Iterator[Token]:
        is_stripped = False
        while True:
            start = self._text.find("{{", self._position)
            end = len(self._text) if start < 0 else start
            data, offset = self._text[self._position : end], self._position
            self._check_data(data, offset)
            if is_stripped:
                data = data.lstrip()
            if start >= 0 and self._text[start + 2 : start + 3] == "-":
                data = data.rstrip()
            if data:
                yield Token(offset, "data", data)
            if start < 0:
                return
            self._position = start + (3 if self._text[start + 2 : start + 3] in ("-", "+") else 2)
            yield Token(start, "variable_begin", "{{")
            yield from self._expression(start)
            is_stripped = self._text[self._position] == "-"
            yield Token(self._position, "variable_end", "}}")
            self._position += 3 if is_stripped else 2

    def _check_data(self, data: str, offset: int) -> None:
        found = _FOREIGN.search(data)
        if found is None:
            return
        mark, position = found.group(), offset + found.start()
        if mark == "}}":
            raise ExpressionError('this }} has no {{: for literal braces write {{ "}}" }}', position)
        what = "blocks" if mark == "{%" else "comments"
        raise ExpressionError(
            f'{mark} is not allowed: there are no {what}; for literal text write {{{{ "{mark}" }}}}', position
        )

    def _expression(self, start: int) -> Iterator[Token]:
        """Yield the tokens up to the closing braces, and stop there."""
        open_brackets: list[str] = []
        before: list[tuple[str, str]] = [_NOTHING] * 3
        while True:
            space = _SPACE.match(self._text, self._position)
            if space:
                self._position = space.end()
            if not open_brackets and self._text.startswith(("}}", "-}}"), self._position):
                if before[-1] == _NOTHING:
                    raise ExpressionError("there is nothing in these braces", start)
                return
            token = self._token(before, start)
            if token.type in ("lparen", "lbracket", "lbrace", "rparen", "rbracket", "rbrace"):
                self._balance(open_brackets, self._text[token.lineno], token.lineno)
            before = [*before[1:], (token.type, str(token.value) if token.type == "name" else "")]
            yield token

    def _balance(self, open_brackets: list[str], bracket: str, position: int) -> None:
        if bracket in _CLOSING:
            open_brackets.append(_CLOSING[bracket])
            if len(open_brackets) > DEEPEST_BRACKETS:
                raise ExpressionError(f"brackets are nested deeper than {DEEPEST_BRACKETS}", position)
        elif not open_brackets or open_brackets.pop() != bracket:
            raise ExpressionError(f"this {bracket} closes nothing", position)

    def _token(self, before: list[tuple[str, str]], start: int) -> Token:
        position = self._position
        if before[1:] == [("name", "steps"), _DOT] and before[0] != _DOT:
            for step_id in self._step_ids:
                if self._is_step_id(step_id, position):
                    self._position += len(step_id)
                    return Token(position, "name", step_id)
        for kind, pattern in _TOKENS:
            found = pattern.match(self._text, position)
            if found:
                self._position = found.end()
                return _token(kind, found.group(), position)
        if position >= len(self._text):
            raise ExpressionError("this {{ is not closed by }}", start)
        character = self._text[position]
        if character in "\"'":
            raise ExpressionError("this quote is not closed", position)
        raise ExpressionError(f"unexpected character {character!r}", position)

    def _is_step_id(self, step_id: str, position: int) -> bool:
        end = position + len(step_id)
        return self._text.startswith(step_id, position) and not re.match(r"\w", self._text[end : end + 1])


def _token(kind: str, text: str, position: int) -> Token:
    value: Any = text
    if kind == "op":
        kind = operators[text]
    elif kind == "name" and not text.isidentifier():
        raise ExpressionError(f"{text} is no name", position)
    elif kind == "string":
        value = _unescaped(text[1:-1], position)
    elif kind in ("integer", "float"):
        value = _number(text.replace("_", ""), kind, position)
    return Token(position, kind, value)


def _number(text: str, kind: str, position: int) -> int | float:
    if not text.isascii():
        raise ExpressionError("write numbers with the digits 0 to 9", position)
    try:
        number: int | float = int(text, 0) if kind == "integer" else float(text)
        if isinstance(number, int):
            check_bits(number.bit_length())
    except (ValueError, EvaluationError):
        raise ExpressionError("this number is too large", position) from None
    if number == float("inf"):
        raise ExpressionError("this number is too large", position)
    return number


def _unescaped(text: str, position: int) -> str:
    def replace(escape: re.Match[str]) -> str:
        if escape.group(1) is None:
            return escape.group()
        return escape.group().encode().decode("unicode-escape")

    if "\\" not in text:
        return text
    try:
        value = _ESCAPE.sub(replace, text)
        return value.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeError:
        raise ExpressionError("this text has an escape that stands for no character", position) from None

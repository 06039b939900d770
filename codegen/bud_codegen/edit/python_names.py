"""Names in a Python file that follow from an action's names, changed where it is certain what they mean."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Any

from bud_codegen.edit.text import Replacement

Function = ast.FunctionDef | ast.AsyncFunctionDef


def with_modules(text: str, modules: Mapping[str, str]) -> list[Replacement]:
    """Import from other modules, given {old: new}; nothing is replaced in Python that cannot be read."""
    found, tokens, starts = [], _tokens(text), _line_starts(text)
    for number, token in enumerate(tokens):
        path = _dotted(tokens[number + 1 :]) if token.string in ("from", "import") else []
        old = "".join(each.string for each in path)
        if old in modules and tokens[number + 1 + len(path)].string in ("import", "as"):
            found.append(Replacement(_index(starts, path[0].start), _index(starts, path[-1].end), modules[old]))
    return found


def with_sentences(text: str, sentences: Mapping[str, str]) -> list[Replacement]:
    """Change docstrings that say one sentence and nothing else, given {old: new}."""
    found, starts = [], _line_starts(text)
    for token in _tokens(text):
        said = token.string.removeprefix('"""').removesuffix('"""')
        if token.type == tokenize.STRING and said in sentences:
            start = _index(starts, token.start) + len('"""')
            found.append(Replacement(start, start + len(said), sentences[said]))
    return found


def with_param(text: str, module: str, old: str, new: str) -> list[Replacement]:
    """Read a param by another attribute, wherever an argument is annotated with `Params` of a module.

    A name that the function binds once more may hold anything, so what is read from it stays.
    """
    tree, starts = _parsed(text), _line_starts(text)
    found = set()
    for function in _nodes(tree, Function):
        names = _arguments(function, _params_classes(tree, module)) - _bound(function)
        for line, column in _reads(function, names, old):
            start = starts[line - 1] + _characters(text[starts[line - 1] :], column)
            if text[start : start + len(old)] == old:
                found.add(Replacement(start, start + len(old), new))
    return sorted(found)


def lines_with(text: str, pattern: str) -> Iterator[tuple[int, str]]:
    """Yield the number, from 1, and the content of each line that has something in it."""
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(pattern, line):
            yield number, line.strip()


def _parsed(text: str) -> ast.Module:
    """Return the syntax tree; an empty one of what is not Python, in which nothing is certain."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return ast.Module([], [])


def _tokens(text: str) -> list[tokenize.TokenInfo]:
    is_python = bool(_parsed(text).body)
    return list(tokenize.generate_tokens(io.StringIO(text, newline="").readline)) if is_python else []


def _dotted(tokens: list[tokenize.TokenInfo]) -> list[tokenize.TokenInfo]:
    """Return the tokens of `a.b.c` at the start of some tokens."""
    found: list[tokenize.TokenInfo] = []
    for token in tokens:
        is_next = token.string == "." if len(found) % 2 else token.type == tokenize.NAME
        if not is_next:
            break
        found.append(token)
    return found


def _line_starts(text: str) -> list[int]:
    starts = [0]
    for line in io.StringIO(text, newline=""):
        starts.append(starts[-1] + len(line))
    return starts


def _index(starts: list[int], position: tuple[int, int]) -> int:
    return starts[position[0] - 1] + position[1]


def _characters(line: str, column: int) -> int:
    """Return how many characters a number of bytes is, in which `ast` counts columns."""
    return len(line.encode()[:column].decode("utf-8", "ignore"))


def _nodes(tree: ast.AST, kind: type | UnionType) -> Iterator[Any]:
    return (node for node in ast.walk(tree) if isinstance(node, kind))


def _params_classes(tree: ast.Module, module: str) -> set[str]:
    """Return the names by which a file knows `Params` of a module."""
    imports = (node for node in _nodes(tree, ast.ImportFrom) if node.module == module and not node.level)
    return {alias.asname or alias.name for node in imports for alias in node.names if alias.name == "Params"}


def _arguments(function: Function, classes: set[str]) -> set[str]:
    given = function.args
    return {
        each.arg
        for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)
        if isinstance(each.annotation, ast.Name) and each.annotation.id in classes
    }


def _bound(function: Function) -> set[str]:
    """Return the names that are bound in a function, beside its own arguments."""
    own = {id(each) for each in _nodes(function.args, ast.arg)}
    stored = {each.id for each in _nodes(function, ast.Name) if not isinstance(each.ctx, ast.Load)}
    return stored | {each.arg for each in _nodes(function, ast.arg) if id(each) not in own}


def _reads(function: Function, names: set[str], old: str) -> Iterator[tuple[int, int]]:
    """Yield line and byte column of the name in `params.old` and in `params.is_given("old")`."""
    for node in _nodes(function, ast.Attribute):
        if not isinstance(node.value, ast.Name) or node.value.id not in names:
            continue
        if node.attr == old and node.end_lineno and node.end_col_offset:
            yield node.end_lineno, node.end_col_offset - len(old.encode())
    for call in _nodes(function, ast.Call):
        asked, given = call.func, call.args[0] if call.args else None
        if not isinstance(asked, ast.Attribute) or asked.attr != "is_given" or not isinstance(given, ast.Constant):
            continue
        if isinstance(asked.value, ast.Name) and asked.value.id in names and given.value == old:
            yield given.lineno, given.col_offset + 1

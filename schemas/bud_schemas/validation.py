"""The one meaning of params: what is absent, what is hidden, what is wrong.

The same rules are interpreted by the TypeScript package; both run one file of vectors, so codes, messages and their
order are a contract. They are, in order: each declared param's own problems in the order of declaration, then unknown
params by name, then the action's rules.

- null and "" are absent. A param hidden by its `show_when` is absent too, and so is its default.
- A text that contains `{{ ... }}` is a template: it counts as given, and its checks wait until it has a value.
- Messages never repeat a value, which may be a secret.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from bud_schemas import values

Document = Mapping[str, Any]


class ParamProblem(NamedTuple):
    """One thing wrong with the params of a step."""

    param: str
    """The declared param it is about, or the unknown name."""
    code: str
    """A stable word for programs: required, type, option, minimum, ..., or the kind of the rule that failed."""
    message: str
    """A sentence for a person."""


class ParamValidator:
    """Checks and completes params of one action, given its metadata with snake_case keys as in catalog.json.

    Making one costs some microseconds; it holds no reference to params and may be shared by threads.
    """

    __slots__ = ("_conditions", "_defaults", "_fields", "_names", "_renamed", "_rules")

    def __init__(self, action: Document) -> None:
        params: list[Document] = action["params"]
        self._fields = tuple(_field(param) for param in params)
        self._names = frozenset(param["name"] for param in params)
        self._defaults = {param["name"]: param["default"] for param in params if param.get("default") is not None}
        self._renamed = {param["renamed_from"]: param["name"] for param in params if param.get("renamed_from")}
        self._conditions = _in_order({param["name"]: param["show_when"] for param in params if param.get("show_when")})
        self._rules = tuple(_rule(rule) for rule in action.get("rules") or ())

    def validate(self, params: Mapping[str, Any]) -> list[ParamProblem]:
        """Return every problem, in a fixed order; an empty list means valid."""
        if self._renamed:
            params = self._with_new_names(params)
        if self._conditions or self._rules:
            return self._validate_together(params)
        problems: list[ParamProblem] = []
        get = params.get
        for name, check, missing in self._fields:
            value = get(name)
            if value is None or value == "":
                problems += missing
            elif found := check(value):
                problems += found
        if not params.keys() <= self._names:
            problems += self._unknown(params)
        return problems

    def complete(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return what an executor receives: absent and hidden params left out, defaults filled in."""
        params = self._with_new_names(params)
        state = self._state(params)
        names = [*(name for name, _, _ in self._fields), *(name for name in params if name not in self._names)]
        return {name: value for name in names if (value := state.effective(name)) is not None}

    def _validate_together(self, params: Mapping[str, Any]) -> list[ParamProblem]:
        state = self._state(params)
        problems: list[ParamProblem] = []
        for name, check, missing in self._fields:
            visible = state.visible.get(name, True)
            if visible is False:
                continue
            value = params.get(name)
            if not is_absent(value):
                problems += check(value)
            elif visible:
                problems += missing
        problems += self._unknown(params)
        for rule in self._rules:
            problems += rule(state)
        return problems

    def _state(self, params: Mapping[str, Any]) -> "_State":
        state = _State(params, self._defaults, {})
        for name, condition in self._conditions.items():
            state.visible[name] = _holds(condition, state)
        return state

    def _unknown(self, params: Mapping[str, Any]) -> list[ParamProblem]:
        unknown = sorted(str(name) for name in params if name not in self._names)
        return [ParamProblem(name, "unknown", f"Unknown parameter: {name}") for name in unknown]

    def _with_new_names(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        old = [name for name in self._renamed if name in params and is_absent(params.get(self._renamed[name]))]
        if not old:
            return params
        kept = {name: value for name, value in params.items() if name not in old}
        return kept | {self._renamed[name]: params[name] for name in old}


def is_absent(value: object) -> bool:
    """Whether a value counts as not given: null, or the empty text that a cleared form field sends."""
    return value is None or value == ""


is_template = values.is_template


class _State(NamedTuple):
    """The params of one step as conditions and rules see them."""

    params: Mapping[str, Any]
    defaults: Mapping[str, Any]
    visible: dict[str, bool | None]
    """Per conditional param; None while it hangs on a template."""

    def given(self, name: str) -> Any:
        """The value a step gives, or None."""
        value = self.params.get(name)
        return None if is_absent(value) or self.visible.get(name, True) is False else value

    def effective(self, name: str) -> Any:
        """The value a step gives, else the default, or None."""
        value = self.given(name)
        if value is None and self.visible.get(name, True) is not False:
            return self.defaults.get(name)
        return value


Found = Iterable[ParamProblem]
Field = tuple[str, Callable[[Any], Found], tuple[ParamProblem, ...]]
"""A param's name, the check of a given value, and the problems of an absent one."""


def _field(param: Document) -> Field:
    name = param["name"]
    is_missed = param.get("required") and param.get("default") is None
    missing = (ParamProblem(name, "required", f"Missing required parameter: {name}"),) if is_missed else ()
    return name, values.param_check(param, ParamProblem), missing


def _in_order(conditions: dict[str, Document]) -> dict[str, Document]:
    """Sort conditional params so that each comes after the param it looks at."""
    ordered: dict[str, Document] = {}

    def add(name: str, path: tuple[str, ...]) -> None:
        condition = conditions.get(name)
        if condition is None or name in ordered or name in path:
            return
        add(condition["param"], (*path, name))
        ordered[name] = condition

    for name in conditions:
        add(name, ())
    return ordered


def _holds(condition: Document, state: _State) -> bool | None:
    """Whether a condition holds; None while it hangs on a template."""
    if "present" in condition:
        return (state.given(condition["param"]) is not None) is condition["present"]
    value = state.effective(condition["param"])
    if isinstance(value, str) and is_template(value):
        return None
    if "equals" in condition:
        return values.is_same(value, condition["equals"])
    return not values.is_same(value, condition["not_equals"])


def _rule(rule: Document) -> Callable[[_State], Found]:
    test = _RULES[rule["kind"]](rule)
    conditions = rule.get("when") or ()
    kind, message = rule["kind"], rule["message"]

    def check(state: _State) -> Found:
        if not all(_holds(condition, state) for condition in conditions):
            return ()
        return [ParamProblem(name, kind, message) for name in test(state)]

    return check


# Each maker returns a function from the state to the params at fault; most rules blame one.
Blame = Callable[[_State], Iterable[str]]


def _exactly_one_of(rule: Document) -> Blame:
    names = rule["params"]
    return lambda state: () if sum(state.given(name) is not None for name in names) == 1 else names[:1]


def _at_least_one_of(rule: Document) -> Blame:
    names = rule["params"]
    return lambda state: () if any(state.effective(name) is not None for name in names) else names[:1]


def _requires(rule: Document) -> Blame:
    names = rule["params"]
    return lambda state: [name for name in names if state.effective(name) is None][:1]


def _ordered(rule: Document) -> Blame:
    pairs = list(zip(rule["params"], rule["params"][1:], strict=False))

    def blame(state: _State) -> Iterable[str]:
        for low, high in pairs:
            first, second = state.effective(low), state.effective(high)
            if values.is_number(first) and values.is_number(second) and float(first) > float(second):
                return (low,)
        return ()

    return blame


def _matches(rule: Document) -> Blame:
    names = rule["params"]
    is_match = values.pattern_test(rule["pattern"])

    def blame(state: _State) -> Iterable[str]:
        texts = ((name, state.effective(name)) for name in names)
        return [n for n, text in texts if isinstance(text, str) and not is_template(text) and not is_match(text)]

    return blame


_RULES: dict[str, Callable[[Document], Blame]] = {
    "exactly_one_of": _exactly_one_of,
    "at_least_one_of": _at_least_one_of,
    "requires": _requires,
    "ordered": _ordered,
    "matches": _matches,
}

"""Params of steps as somebody wrote them against an action: as few, as many and as extreme as it allows."""

from collections.abc import Iterator, Mapping
from typing import Any

from bud_schemas import ParamValidator
from bud_schemas.values import is_same
from tests.diff.proof.picking import Document
from tests.diff.proof.values import values_of

Params = dict[str, Any]
MOST_TRIES = 20


class Uses:
    """Valid steps of one action, given its complete metadata."""

    def __init__(self, meta: Document) -> None:
        self._validator = ParamValidator(meta)
        self._rules: list[Document] = meta["rules"]
        self.params: dict[str, Document] = {param["name"]: param for param in meta["params"]}
        self.values = {name: values_of(param, _known(meta, name)) for name, param in self.params.items()}
        self.fewest = self._completed({})

    @property
    def can_be_used(self) -> bool:
        """Whether valid params were found; rules may ask for more than is tried here."""
        return self.fewest is not None

    def steps(self) -> list[Params]:
        """Return params of valid steps: only what is required, everything, and each value of each param."""
        if self.fewest is None:
            return []
        return [self.fewest, self._fullest(self.fewest), *self._one_by_one()]

    def with_template(self, name: str, template: str) -> Params | None:
        """Return params of a step that gives one of them as a template; None if no such step was found."""
        return self._completed({**self._shown(name), name: template})

    def _fullest(self, fewest: Params) -> Params:
        params = fewest
        for name in self.params:
            if name not in params:
                given = ({**params, name: value} for value in self.values[name])
                params = next((each for each in given if self._is_valid(each)), params)
        return params

    def _one_by_one(self) -> Iterator[Params]:
        for name, param in self.params.items():
            for value in self.values[name]:
                shown = self._shown(name)
                partners = dict.fromkeys(self._partners(name), value)
                params = self._completed({**shown, name: value}) or self._completed({**shown, **partners, name: value})
                if params is not None:
                    yield params
                    if param["renamed_from"]:
                        yield {param["renamed_from"] if key == name else key: each for key, each in params.items()}

    def _partners(self, name: str) -> list[str]:
        """Return the params that must be in order with one of them."""
        return [
            each
            for rule in self._rules
            if rule["kind"] == "ordered" and name in rule["params"]
            for each in rule["params"]
        ]

    def _shown(self, name: str) -> Params:
        """Return params with which one of them is shown."""
        condition: Mapping[str, Any] | None = self.params[name]["show_when"]
        if not condition:
            return {}
        controller = condition["param"]
        fits = [value for value in self.values[controller] if _holds(condition, value)]
        return {**self._shown(controller), **({controller: fits[0]} if fits else {})}

    def _completed(self, params: Params) -> Params | None:
        """Return valid params with these among them; None if adding what is asked for does not lead there."""
        for _ in range(MOST_TRIES):
            problems = self._validator.validate(params)
            if not problems:
                return params
            blamed = problems[0].param
            if blamed in params or not self.values.get(blamed):
                return None
            params = {**params, blamed: self.values[blamed][0]}
        return None

    def _is_valid(self, params: Params) -> bool:
        return not self._validator.validate(params)


def _known(meta: Document, name: str) -> Iterator[Any]:
    """Yield values of a param that examples give and that conditions look for."""
    yield from (example["params"][name] for example in meta["examples"] if name in example["params"])
    conditions = [param["show_when"] for param in meta["params"] if param["show_when"]]
    conditions += [condition for rule in meta["rules"] for condition in rule["when"] or ()]
    looked_for = [condition for condition in conditions if condition["param"] == name]
    yield from (each[key] for each in looked_for for key in ("equals", "not_equals") if key in each)


def _holds(condition: Mapping[str, Any], value: object) -> bool:
    if "equals" in condition:
        return is_same(value, condition["equals"])
    return not is_same(value, condition["not_equals"])

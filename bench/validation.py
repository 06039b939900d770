"""The validator: params of one action, next to pydantic, jsonschema and jsonschema-rs.

All of them look for every fault. Pydantic gets a strict model that forbids unknown keys; the JSON Schema validators get
the schema that the catalog publishes for the same action, compiled once. Only ours and theirs check that the values of
the multiselect differ; only ours lets templates through and knows `show_when`.
"""

import gc
import itertools
import timeit
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Annotated, Any, Literal, NamedTuple

import jsonschema
import jsonschema_rs
import pydantic
from pydantic import BaseModel, ConfigDict, Field

from bench import table
from bench.table import Row
from bud_codegen.build import build_action
from bud_codegen.model import Project
from bud_schemas import ParamProblem, ParamValidator

ROUNDS = 7
ACTIONS = 200
"""How many different actions the cost of first use is averaged over."""
VALID, INVALID, JSONSCHEMA, FIRST_USE_SECONDS = 0.7, 1.5, 20.0, 0.0001
"""Targets."""
SECONDS_A_TURN = 0.05

Document = Mapping[str, Any]
GOOD: Document = {
    "title": "Nightly import of the orders",
    "region": "eu-west",
    "replicas": 3,
    "dry_run": False,
    "code": "job-20417",
    "channels": ["mail", "chat"],
}
BAD: Document = {**GOOD, "title": "x" * 81, "region": "mars", "replicas": 1000, "code": "20417"}
"""Four faults: too long, not an option, too large, not like the pattern."""
REGIONS = ("eu-west", "eu-north", "us-east", "us-west", "ap-south")
CHANNELS = ("mail", "chat", "pager", "webhook")


class Definition(NamedTuple):
    """One action in everyone's terms."""

    meta: Document
    """Its metadata as catalog.json holds it."""
    schema: Document
    """The JSON Schema of its params."""


def definition(pattern: str = "^job-[0-9]+$", suffix: str = "", *, has_condition: bool = False) -> Definition:
    """Return the typical action; `suffix` makes the names of its params differ from others'."""
    params = [
        _param("title", suffix, "string", required=True, validation={"min_length": 1, "max_length": 80}),
        _param("region", suffix, "select", required=True, options=_options(REGIONS)),
        _param("replicas", suffix, "number", required=True, validation={"min": 1, "max": 100, "integer": True}),
        _param("dry_run", suffix, "boolean", required=True),
        _param("code", suffix, "string", required=True, validation={"pattern": pattern}),
        _param("channels", suffix, "multiselect", required=True, options=_options(CHANNELS)),
    ]
    if has_condition:
        params[4]["show_when"] = {"param": f"dry_run{suffix}", "equals": False}
    about = {"type": "import", "version": "1.0.0", "name": "Import", "description": "Imports.", "category": "Model"}
    document = {**about, "execution_mode": "sync", "params": params}
    action = build_action(Project("acme"), "actions/acme_actions/model/import.yaml", document)
    return Definition(action.meta, action.input_schema)


def _param(name: str, suffix: str, kind: str, **rest: Any) -> dict[str, Any]:
    return {"name": f"{name}{suffix}", "label": name.title(), "type": kind, **rest}


def _options(values: Iterable[str]) -> list[Document]:
    return [{"value": value, "label": value.title()} for value in values]


def pydantic_model(pattern: str = "^job-[0-9]+$", suffix: str = "") -> type[BaseModel]:
    """Return a strict model of the same params."""
    fields: dict[str, Any] = {
        f"title{suffix}": Annotated[str, Field(min_length=1, max_length=80)],
        f"region{suffix}": Literal[REGIONS],
        f"replicas{suffix}": Annotated[int, Field(ge=1, le=100)],
        f"dry_run{suffix}": bool,
        f"code{suffix}": Annotated[str, Field(pattern=pattern)],
        f"channels{suffix}": list[Literal[CHANNELS]],  # type: ignore[valid-type]
    }
    return pydantic.create_model("Import", __config__=ConfigDict(strict=True, extra="forbid"), **fields)


def our_problems(params: Document) -> list[ParamProblem]:
    """Return what ours finds in params of the typical action."""
    return ParamValidator(definition().meta).validate(params)


def pydantic_problems(params: Document) -> list[Any]:
    """Return what pydantic finds in params of the typical action."""
    return pydantic_errors(pydantic_model(), params)


def pydantic_errors(model: type[BaseModel], params: Document) -> list[Any]:
    """Return everything wrong as pydantic words it."""
    try:
        model.model_validate(params)
    except pydantic.ValidationError as error:
        return error.errors()
    return []


def is_accepted(model: type[BaseModel], params: Document) -> bool:
    """Whether pydantic accepts params; what is wrong is found, and not asked for."""
    try:
        model.model_validate(params)
    except pydantic.ValidationError:
        return False
    return True


def measure() -> list[Row]:
    """Measure everything, print the table and return its rows."""
    rows = [*_calls(), *_first_use()]
    notes = (
        f"seconds of one call, best of {ROUNDS} interleaved rounds; every validator finds all faults",
        "ratio: how many times as fast as the peer",
        f"first use: a validator is made and called once, averaged over {ACTIONS} actions with patterns never seen",
    )
    table.show("Validation: ParamValidator.validate on six params", rows, notes)
    return rows


def _calls() -> Iterable[Row]:
    for name, params, limit in (("valid", GOOD, VALID), ("4 faults", BAD, INVALID)):
        best = interleaved(_contestants(params))
        ours = best["ours"]
        if params is BAD:
            yield table.times_as_fast(f"{name}, to pydantic with errors()", ours, best["pydantic errors"], limit)
            yield table.times_as_fast(f"{name}, to pydantic without errors()", ours, best["pydantic"], None)
        else:
            yield table.times_as_fast(f"{name}, to pydantic", ours, best["pydantic"], limit)
        yield table.times_as_fast(f"{name}, to jsonschema", ours, best["jsonschema"], JSONSCHEMA)
        yield table.times_as_fast(f"{name}, to jsonschema-rs", ours, best["jsonschema-rs"], None)
        with_condition = best["ours with show_when"]
        yield table.times_as_fast(f"{name}, one show_when, to pydantic", with_condition, best["pydantic"], None)


def _contestants(params: Document) -> dict[str, Callable[[], object]]:
    typical = definition()
    ours = ParamValidator(typical.meta)
    conditional = ParamValidator(definition(has_condition=True).meta)
    model = pydantic_model()
    python = jsonschema.Draft202012Validator(typical.schema)
    rust = jsonschema_rs.Draft202012Validator(dict(typical.schema))
    return {
        "ours": partial(ours.validate, params),
        "pydantic": partial(model.model_validate, params) if params is GOOD else partial(is_accepted, model, params),
        "pydantic errors": partial(pydantic_errors, model, params),
        "jsonschema": lambda: list(python.iter_errors(params)),
        "jsonschema-rs": lambda: list(rust.iter_errors(params)),
        "ours with show_when": partial(conditional.validate, params),
    }


def interleaved(calls: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Return the seconds of one call of each, best of some rounds in which they take turns."""
    timers = {name: timeit.Timer(call) for name, call in calls.items()}
    numbers = {name: _number_a_turn(timer) for name, timer in timers.items()}
    rounds = [{name: timers[name].timeit(numbers[name]) / numbers[name] for name in timers} for _ in range(ROUNDS)]
    return {name: min(each[name] for each in rounds) for name in timers}


def _number_a_turn(timer: timeit.Timer) -> int:
    number, seconds = timer.autorange()
    return max(1, round(number * SECONDS_A_TURN / seconds))


def _first_use() -> Iterable[Row]:
    fresh = itertools.count()
    ours, peers = [], []
    for _ in range(ROUNDS):
        ours.append(_average(_our_first_use, fresh))
        peers.append(_average(_pydantic_first_use, fresh))
    yield table.within("first use, patterns included", min(ours), FIRST_USE_SECONDS)
    yield table.times_as_fast("first use, to pydantic's model and call", min(ours), min(peers), None)


FirstUse = Callable[[], object]


def _average(make: Callable[[str, str], FirstUse], fresh: "itertools.count[int]") -> float:
    """Return the mean seconds of a first use, over actions that nobody has seen before."""
    uses = [make(f"^job{number}-[0-9]+$", f"_{number}") for number in itertools.islice(fresh, ACTIONS)]
    gc.collect()
    return timeit.timeit(lambda: [use() for use in uses], number=1) / ACTIONS


def _params_of(pattern: str, suffix: str) -> Document:
    code = pattern.removeprefix("^").replace("[0-9]+$", "20417")
    return {f"{name}{suffix}": value for name, value in {**GOOD, "code": code}.items()}


def _our_first_use(pattern: str, suffix: str) -> FirstUse:
    meta, params = definition(pattern, suffix).meta, _params_of(pattern, suffix)
    return lambda: ParamValidator(meta).validate(params)


def _pydantic_first_use(pattern: str, suffix: str) -> FirstUse:
    params = _params_of(pattern, suffix)
    return lambda: pydantic_model(pattern, suffix).model_validate(params)

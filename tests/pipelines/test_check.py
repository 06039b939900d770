"""Pipelines against the catalog: one bad and one good case of each rule."""

import re
from typing import Any

import pytest

from bud_server.catalog.served import ServedCatalog
from bud_server.pipelines import check_pipeline, load_text, read_pipeline
from tests.pipelines.support import ROOT, catalog, checked, definition, message, step

LOG = step("a")
HTTP = step("a", "http_request", params={"url": "https://example.com"})
HEALTH = step("a", "cluster_health", params={"cluster_id": "c"})


def after(text: str, *depends_on: str, **members: Any) -> dict[str, Any]:
    return step("b", "log", *(depends_on or ("a",)), params=message(text), **members)


def branching(target: str, condition: str = "true") -> dict[str, Any]:
    branch = {"id": "x", "condition": condition, "target_step": target}
    return step("a", "conditional", params={"branches": [branch]})


def scaled(replicas: object) -> dict[str, Any]:
    return step("b", "deployment_scale", "a", params={"endpoint_id": "e", "target_replicas": replicas})


def parameter(name: str = "n", **members: Any) -> list[dict[str, Any]]:
    return [{"name": name, **members}]


CASES: list[tuple[str, str, str, dict[str, Any], dict[str, Any]]] = [
    ("duplicate_step", "steps: Duplicate step ID 'a'", "/steps/1/id", definition(LOG, LOG), definition(LOG, step("b"))),
    (
        "duplicate_parameter",
        "parameters: Duplicate parameter 'n'",
        "/parameters/1/name",
        definition(LOG, parameters=parameter() * 2),
        definition(LOG, parameters=parameter() + parameter("m")),
    ),
    (
        "self_dependency",
        "steps.a: Self-dependency not allowed",
        "/steps/0/depends_on/0",
        definition(step("a", "log", "a")),
        definition(LOG),
    ),
    (
        "unknown_dependency",
        "steps.b.depends_on: Unknown step 'y'",
        "/steps/1/depends_on/0",
        definition(LOG, step("b", "log", "y")),
        definition(LOG, step("b", "log", "a")),
    ),
    (
        "cycle",
        "Cyclic dependency detected: a -> b -> a",
        "/steps/0/depends_on",
        definition(step("a", "log", "b"), step("b", "log", "a")),
        definition(step("a", "log", "b"), step("b")),
    ),
    (
        "unknown_action",
        "Action 'logg' is not registered",
        "/steps/0/action",
        definition(step("a", "logg")),
        definition(LOG),
    ),
    (
        "retry_unsafe",
        "Step 'a': action 'http_request' is not idempotent; a retry may do its work twice",
        "/steps/0/on_failure",
        definition({**HTTP, "on_failure": "retry"}),
        definition({**LOG, "on_failure": "retry"}),
    ),
    (
        "missing_param",
        "Step 'a': Required parameter 'url' is missing or empty",
        "/steps/0/params",
        definition(step("a", "http_request")),
        definition(HTTP),
    ),
    (
        "missing_param",
        "Step 'a': Required parameter 'url' is missing or empty",
        "/steps/0/params/url",
        definition(step("a", "http_request", params={"url": ""})),
        definition(HTTP),
    ),
    (
        "param_minimum",
        "Step 'a': Parameter 'duration_seconds' value -1 is less than minimum 0",
        "/steps/0/params/duration_seconds",
        definition(step("a", "delay", params={"duration_seconds": -1})),
        definition(step("a", "delay", params={"duration_seconds": "{{ 0 }}"})),
    ),
    (
        "param_maximum",
        "Step 'a': Parameter 'duration_seconds' value 3600.5 exceeds maximum 3600",
        "/steps/0/params/duration_seconds",
        definition(step("a", "delay", params={"duration_seconds": 3600.5})),
        definition(step("a", "delay", params={"duration_seconds": 3600})),
    ),
    (
        "param_max_length",
        "Step 'a': Parameter 'benchmark_name' length 51 exceeds maximum 50",
        "/steps/0/params/benchmark_name",
        definition(
            step("a", "model_benchmark", params={"model_id": "m", "cluster_id": "c", "benchmark_name": "x" * 51})
        ),
        definition(step("a", "model_benchmark", params={"model_id": "m", "cluster_id": "c", "benchmark_name": "x"})),
    ),
    (
        "unknown_param",
        "Step 'a': Unknown parameter: mesage",
        "/steps/0/params/mesage",
        definition(step("a", params={"mesage": "x"})),
        definition(step("a", params=message("x"))),
    ),
    (
        "invalid_param",
        "Step 'a': level: must be one of: debug, info, warning, error",
        "/steps/0/params/level",
        definition(step("a", params={"level": "loud"})),
        definition(step("a", params={"level": "{{ 'loud' }}"})),
    ),
    (
        "invalid_param",
        "Step 'a': Either duration_hours or until_time must be specified, but not both",
        "/steps/0/params",
        definition(step("a", "wait_until")),
        definition(step("a", "wait_until", params={"duration_hours": 1})),
    ),
    (
        "expression",
        "",
        "/steps/0/params/message",
        definition(step("a", params=message("{{ range(3) }}"))),
        definition(step("a", params=message("{% raw %}"))),
    ),
    (
        "expression",
        "steps.0.condition: a condition must be an expression such as {{ ... }}, or true or false",
        "/steps/0/condition",
        definition(step("a", condition="maybe")),
        definition(step("a", condition="yes")),
    ),
    (
        "expression",
        "",
        "/outputs/list/1",
        definition(LOG, outputs={"list": [1, "{{ 1 + }}"]}),
        definition(LOG, outputs={"list": [1, "{{ 1 + 1 }}"]}),
    ),
    (
        "unknown_parameter",
        "Unknown parameter: n",
        "/steps/0/params/message",
        definition(step("a", params=message("n={{ params.n }}"))),
        definition(step("a", params=message("n={{ params.n }}")), parameters=parameter()),
    ),
    (
        "unknown_step",
        "Unknown step: z",
        "/steps/0/condition",
        definition(step("a", condition="{{ steps.z.outputs.logged }}")),
        definition(LOG, step("b", "log", "a", condition="{{ steps['a'].outputs.logged }}")),
    ),
    (
        "unknown_step",
        "Unknown step: z",
        "/outputs/x",
        definition(LOG, outputs={"x": "{{ steps.z.outputs.logged }}"}),
        definition(LOG, outputs={"x": "{{ steps.a.outputs.logged }}"}),
    ),
    (
        "unknown_output",
        "Step 'a' has no output 'logs'",
        "/steps/1/params/message",
        definition(LOG, after("{{ steps.a.outputs.logs }}")),
        definition(LOG, after("{{ steps.a.outputs.message }}")),
    ),
    (
        "unknown_output",
        "Step 'a' has no output 'y'",
        "/steps/1/params/message",
        definition(step("a", "set_output", params={"outputs": {"x": "1"}}), after("{{ steps.a.outputs.y }}")),
        definition(step("a", "set_output", params={"outputs": {"x": "1"}}), after("{{ steps.a.outputs.x }}")),
    ),
    (
        "unknown_output",
        "Step 'a' has no output 'y'",
        "/steps/1/params/message",
        definition(step("a", "set_output"), after("{{ steps.a.outputs.y }}")),
        definition(step("a", "set_output", params={"outputs": "{{ {'y': 1} }}"}), after("{{ steps.a.outputs.y }}")),
    ),
    (
        "not_an_ancestor",
        "steps.1.params.message: Step 'b' does not depend on step 'a'",
        "/steps/1/params/message",
        definition(LOG, step("b", params=message("{{ steps.a.outputs.message }}"))),
        definition(LOG, step("c", "log", "a"), after("{{ steps.a.outputs.message }}", "c")),
    ),
    (
        "not_an_ancestor",
        "steps.0.params.message: Step 'a' does not depend on step 'a'",
        "/steps/0/params/message",
        definition(step("a", params=message("{{ steps.a.outputs.message }}"))),
        definition(step("a", params=message("{{ 'steps.a.outputs.message' }}"))),
    ),
    (
        "mismatch",
        "Step 'b': target_replicas: must be a number, but the expression yields a text",
        "/steps/1/params/target_replicas",
        definition(LOG, scaled("{{ steps.a.outputs.message }}")),
        definition(LOG, scaled("{{ steps.a.outputs.message | int }}")),
    ),
    (
        "mismatch",
        "Step 'b': message: must be a text, but the expression yields a number",
        "/steps/1/params/message",
        definition(HTTP, after("{{ steps.a.outputs.status_code }}")),
        definition(HTTP, after("{{ steps.a.outputs.status_code }}.")),
    ),
    (
        "mismatch",
        "Step 'b': target_replicas: must be a number, but the expression yields a text",
        "/steps/1/params/target_replicas",
        definition(LOG, scaled("{{ params.n }}"), parameters=parameter(type="string")),
        definition(LOG, scaled("{{ params.n }}"), parameters=parameter(type="integer", required=False)),
    ),
    (
        "mismatch",
        "Step 'b': inputs: must be a list, but the expression yields an object",
        "/steps/1/params/inputs",
        definition(HEALTH, step("b", "aggregate", "a", params={"inputs": "{{ steps.a.outputs.details }}"})),
        definition(HEALTH, step("b", "aggregate", "a", params={"inputs": "{{ steps.a.outputs.issues }}"})),
    ),
    (
        "mismatch",
        "Step 'b': checks.0: must be a text, but the expression yields true or false",
        "/steps/1/params/checks/0",
        definition(
            LOG,
            step("b", "cluster_health", "a", params={"cluster_id": "c", "checks": ["{{ steps.a.outputs.logged }}"]}),
        ),
        definition(
            LOG,
            step("b", "cluster_health", "a", params={"cluster_id": "c", "checks": ["{{ steps.a.outputs.message }}"]}),
        ),
    ),
    (
        "mismatch",
        "Step 'b': target_replicas: must be a number, but the expression yields a text",
        "/steps/1/params/target_replicas",
        definition(step("a", "set_output", params={"outputs": {"x": "three"}}), scaled("{{ steps.a.outputs.x }}")),
        definition(step("a", "set_output", params={"outputs": {"x": 3}}), scaled("{{ steps.a.outputs.x }}")),
    ),
    (
        "unknown_target",
        "steps.0.params.branches.0.target_step: Unknown step: z",
        "/steps/0/params/branches/0/target_step",
        definition(branching("z")),
        definition(branching("b"), step("b", "log", "a")),
    ),
    (
        "independent_target",
        "steps.0.params.branches.0.target_step: Step 'b' does not depend on 'a' and runs whatever it decides",
        "/steps/0/params/branches/0/target_step",
        definition(branching("b"), step("b")),
        definition(branching("b"), step("c", "log", "a"), step("b", "log", "c")),
    ),
    (
        "expression",
        "steps.0.params.branches.0.condition: a condition must be an expression such as {{ ... }}, or true or false",
        "/steps/0/params/branches/0/condition",
        definition(branching("b", "healthy"), step("b", "log", "a")),
        definition(branching("b", "{{ 1 == 1 }}"), step("b", "log", "a")),
    ),
    (
        "not_an_ancestor",
        "steps.0.params.branches.0.condition: Step 'a' does not depend on step 'b'",
        "/steps/0/params/branches/0/condition",
        definition(branching("b", "{{ steps.b.outputs.logged }}"), step("b", "log", "a")),
        definition(branching("b"), step("b", "log", "a")),
    ),
    (
        "backoff_order",
        "steps.0.retry.backoff_seconds: backoff_seconds 60 is longer than max_backoff_seconds 9.5",
        "/steps/0/retry/backoff_seconds",
        definition(step("a", on_failure="retry", retry={"max_backoff_seconds": 9.5})),
        definition(step("a", on_failure="retry", retry={"max_backoff_seconds": 60})),
    ),
    (
        "timeout_order",
        "Step 'a': timeout_seconds 61 is longer than the pipeline's 60",
        "/steps/0/timeout_seconds",
        definition(step("a", timeout_seconds=61), settings={"timeout_seconds": 60}),
        definition(step("a", timeout_seconds=60), settings={"timeout_seconds": 60}),
    ),
    (
        "default_type",
        "parameters.n: its default must be a whole number",
        "/parameters/0/default",
        definition(LOG, parameters=parameter(type="integer", default=1.5)),
        definition(LOG, parameters=parameter(type="integer", default=2.0)),
    ),
]


@pytest.mark.parametrize(("code", "sentence", "pointer", "bad", "good"), CASES, ids=[case[0] for case in CASES])
def test_each_rule_finds_the_bad_case_and_lets_the_good_one_pass(
    code: str, sentence: str, pointer: str, bad: dict[str, Any], good: dict[str, Any]
) -> None:
    found = checked(bad)

    assert [(each.code, each.pointer) for each in found] == [(code, pointer)]
    assert found[0].message == (sentence or found[0].message)
    assert checked(good) == []


def test_a_deprecated_action_is_a_warning_with_its_replacement() -> None:
    entry = catalog().entries["log"]
    meta = {**entry["meta"], "deprecated": {"since": "1", "message": "It is old.", "replacement": "fail"}}
    old = ServedCatalog("x", catalog().categories, {"log": {**entry, "meta": meta}})
    pipeline = read_pipeline(definition(LOG)).pipeline
    assert pipeline is not None

    (found,) = check_pipeline(pipeline, old)

    assert (found.severity, found.hint) == ("warning", "use fail")
    assert found.message == "Step 'a': action 'log' is deprecated: It is old"


@pytest.mark.parametrize("text", ["params.n", "steps.z.outputs.x", "steps.a.outputs.nope"])
def test_a_guarded_reference_to_something_unknown_is_a_warning(text: str) -> None:
    (found,) = checked(definition(LOG, after(f"{{{{ {text} | default('x') }}}}")))

    assert found.severity == "warning"


def test_a_guard_does_not_replace_a_dependency() -> None:
    (found,) = checked(definition(LOG, step("b", params=message("{{ steps.a.outputs.message | default('x') }}"))))

    assert (found.severity, found.code) == ("error", "not_an_ancestor")
    assert found.hint == "add 'a' to depends_on of 'b'"


def test_a_dependency_that_would_close_a_cycle_is_not_recommended() -> None:
    (found,) = checked(
        definition(
            step("a", "log", "b", params=message("x")), step("b", params=message("{{ steps.a.outputs.message }}"))
        )
    )

    assert found.hint == "'a' comes after 'b'; refer to an earlier step"


def test_steps_with_hyphens_are_found() -> None:
    assert (
        checked(definition(step("my-a"), step("b", "log", "my-a", params=message("{{ steps.my-a.outputs.message }}"))))
        == []
    )


def test_everything_is_found_at_once() -> None:
    bad = definition(
        step("a", "logg", "b"),
        step("b", "http_request", "a", "y", condition="maybe", params={"method": "{{ params.m }}"}),
        outputs={"x": "{{ steps.z.status }}"},
    )

    codes = {each.code for each in checked(bad)}

    assert codes == {
        "cycle",
        "unknown_action",
        "unknown_dependency",
        "expression",
        "missing_param",
        "unknown_parameter",
        "unknown_step",
    }


def test_secret_values_are_not_repeated() -> None:
    found = checked(definition({**HTTP, "params": {**HTTP["params"], "headers": "s3cret"}}))

    assert [each.code for each in found] == ["invalid_param"]
    assert "s3cret" not in found[0].text


def chain(size: int) -> dict[str, Any]:
    steps = [step("s0", params=message("x"))]
    for index in range(1, size):
        before = f"s{index - 1}"
        steps.append(step(f"s{index}", "log", before, params=message(f"{{{{ steps.{before}.outputs.message }}}}")))
    return definition(*steps)


def fan_in(size: int) -> dict[str, Any]:
    names = [f"s{index}" for index in range(size - 1)]
    inputs = [f"{{{{ steps.{name}.outputs.message }}}}" for name in names]
    return definition(*map(step, names), step("end", "aggregate", *names, params={"inputs": inputs}))


def ring(size: int) -> dict[str, Any]:
    return definition(*(step(f"s{index}", "log", f"s{(index + 7) % size}") for index in range(size)))


def unknown(size: int) -> dict[str, Any]:
    return definition(*(step(f"{index:0100}", "logg", f"{index:099}") for index in range(size)))


@pytest.mark.parametrize(
    ("document", "count"), [(chain(2000), 0), (fan_in(2000), 0), (ring(2000), 1), (unknown(2000), 1000)]
)
def test_two_thousand_steps_are_checked(document: dict[str, Any], count: int) -> None:
    assert len(checked(document)) == count


def test_a_flood_of_expressions_is_refused() -> None:
    outputs = {str(index): f"{{{{ {index} }}}}" for index in range(20_000)}

    found = checked(definition(step("a", "set_output", params={"outputs": outputs})))

    assert found[-1].message.endswith("the pipeline holds too many expressions: split it up")


def test_the_last_step_of_a_long_chain_may_refer_to_the_first() -> None:
    document = chain(2000)
    document["steps"][-1]["params"] = message("{{ steps.s0.outputs.message }}")
    assert checked(document) == []

    document["steps"][0]["params"] = message("{{ steps.s1999.outputs.message }}")
    assert [each.code for each in checked(document)] == ["not_an_ancestor"]


@pytest.mark.parametrize(
    "block", re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/pipeline-language.md").read_text(), re.DOTALL)
)
def test_the_pipelines_of_the_docs_are_valid(block: str) -> None:
    file = load_text(block, "docs.yaml")

    assert file.reading.problems == ()
    assert file.reading.pipeline is not None
    assert check_pipeline(file.reading.pipeline, catalog()) == []

"""The generated Python package, and what executors make of it."""

import asyncio
import importlib
import json
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from bud_actions.base import (
    ActionContext,
    ActionError,
    Awaiting,
    BaseActionExecutor,
    EventContext,
    TypedExecutor,
)
from bud_codegen import api
from bud_generated.builtin import set_output
from bud_generated.deployment.create import Params as DeploymentParams
from bud_generated.integration.http_request import Params as RequestParams
from bud_generated.meta import ActionMeta, ExecutionMode, OutputDefinition, ParamDefinition, ParamType
from bud_generated.model.add import Params
from bud_generated.record import RecordError, replace
from bud_schemas import ParamValidator

ROOT = Path(__file__).parent.parent
CATALOG: dict[str, Any] = json.loads((ROOT / "generated/python/bud_generated/catalog.json").read_text())
ENTRIES = list(CATALOG["actions"].values())


def test_importing_the_package_imports_nothing_else() -> None:
    script = "import sys; before = set(sys.modules); import bud_generated; print(sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout == "['bud_generated']\n"


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: str(entry["meta"]["type"]))
def test_metadata_and_examples_survive_the_round_trip(entry: dict[str, Any]) -> None:
    meta = ActionMeta.from_dict(entry["meta"])
    module = importlib.import_module(entry["executor"].partition(":")[0].replace("bud_actions", "bud_generated"))

    assert ActionMeta.from_dict(meta.to_dict()) == meta
    for example in entry["meta"]["examples"]:
        completed = ParamValidator(entry["meta"]).complete(example["params"])
        params = module.Params.from_dict(completed)
        assert params.to_dict().items() >= completed.items()
        assert module.Params.from_dict(params.to_dict()) == params


def test_defaults_are_filled_in() -> None:
    params = Params.from_dict({"model_uri": "org/model"})

    assert params.model_source == "hugging_face"
    assert params.modality == ["text"]
    assert params.model_name is None
    assert "model_name" not in params.to_dict()


def test_null_is_told_from_left_out() -> None:
    given, left_out = Params.from_dict({"model_name": None}), Params.from_dict({})

    assert given.is_given("model_name")
    assert not left_out.is_given("model_name")
    assert given.to_dict()["model_name"] is None
    assert "model_name" not in left_out.to_dict()


def test_null_for_a_member_with_a_default_is_left_out() -> None:
    assert Params.from_dict({"model_source": None}).model_source == "hugging_face"


def test_missing_and_unknown_members_are_refused() -> None:
    with pytest.raises(RecordError, match="`url` is missing"):
        RequestParams.from_dict({})
    with pytest.raises(RecordError, match="unknown `uri`"):
        RequestParams.from_dict({"url": "https://example.com", "uri": 1})


def test_secrets_are_not_shown() -> None:
    params = RequestParams.from_dict({"url": "https://example.com", "headers": {"Authorization": "canary"}})

    assert "canary" not in repr(params)
    assert "canary" not in f"{params}"
    assert params.to_dict()["headers"] == {"Authorization": "canary"}


def module_of(params: str, name: str) -> Any:
    """Generate an action with some params and import its module."""
    about = "type: drawn\nversion: 1.0.0\nname: Drawn\ndescription: Is drawn.\ncategory: Control Flow\n"
    sources = {
        "actions/bud_actions/categories.yaml": (ROOT / "actions/bud_actions/categories.yaml").read_text(),
        "actions/bud_actions/builtin/drawn.yaml": f"{about}execution_mode: sync\nparams:\n{params}",
    }
    module = sys.modules[name] = types.ModuleType(name)
    exec(api.generate(sources)["generated/python/bud_generated/builtin/drawn.py"], module.__dict__)
    return module


def test_what_is_inside_a_secret_is_not_shown_either() -> None:
    inner = "{type: object, properties: {key: {type: string}}, additionalProperties: true}"
    schema = f"{{type: object, properties: {{one: {inner}, many: {{type: array, items: {inner}}}}}}}"
    module = module_of(
        f"  - {{name: login, label: Login, type: json, secret: true, schema: {schema}}}\n", "drawn_secret"
    )
    given = {"login": {"one": {"key": "canary"}, "many": [{"key": "canary", "canary": "canary"}]}}
    params = module.Params.from_dict(given)

    assert repr(params) == "Params(login=***)"
    assert repr(params.login) == "ParamsLogin(one=***, many=***)"
    assert repr(params.login.one) == "ParamsLoginOne(key=***)"
    assert repr(params.login.many) == "[ParamsLoginManyItem(key=***, *****)]"
    assert params.to_dict() == given


def scaler(**more: Any) -> Any:
    given = {"minReplicas": 1, **more}
    required = {"model_id": "m", "project_id": "p", "endpoint_name": "e"}
    return DeploymentParams.from_dict({**required, "budaiscaler_specification": given}).budaiscaler_specification


def test_records_are_equal_if_they_are_the_same_as_json() -> None:
    assert scaler(more=[1]) == scaler(more=[1.0])
    assert hash(scaler(more=[1])) == hash(scaler(more=[1.0]))
    assert len({scaler(), scaler(more={"a": [True]}), scaler(more={"a": [False]}), scaler()}) == 3
    assert Params.from_dict({"model_name": None}) != Params.from_dict({})
    assert Params.from_dict({}) == Params()
    assert set_output.Params(outputs={"a": 1}) != set_output.Outputs(values={"outputs": {"a": 1}})
    assert Params() != {}


def test_other_keys_are_shown() -> None:
    assert repr(scaler(more=1)).endswith(", **{'more': 1})")


def test_a_copy_keeps_other_keys_and_nulls() -> None:
    assert replace(scaler(more=1), minReplicas=2).to_dict() == {"minReplicas": 2, "more": 1}
    params = Params.from_dict({"model_name": None})
    assert replace(params, model_source="url").is_given("model_name")
    assert replace(params, model_name="m").model_name == "m"
    assert not replace(params, model_name=None).is_given("model_name")
    assert params.is_given("model_name")


def test_a_context_does_not_show_params() -> None:
    context = ActionContext(
        params={"a": "canary"}, workflow_params={"a": "canary"}, step_outputs={"a": {"b": "canary"}}
    )

    assert "canary" not in repr(context)


def test_nested_schemas_are_dataclasses_and_keep_wire_names() -> None:
    given = {"minReplicas": 1, "maxReplicas": 5, "behavior": {"scaleDown": 1}}
    required = {"model_id": "m", "project_id": "p", "endpoint_name": "e"}
    params = DeploymentParams.from_dict({**required, "budaiscaler_specification": given})

    assert params.budaiscaler_specification is not None
    assert params.budaiscaler_specification.minReplicas == 1
    assert params.to_dict()["budaiscaler_specification"] == given
    assert params.ttft == (50, 200)


def test_defaults_are_not_shared() -> None:
    first, second = Params.from_dict({}), Params.from_dict({})

    assert first.modality is not second.modality


def test_outputs_of_any_keys() -> None:
    outputs = set_output.Outputs.from_dict({"a": 1, "from": [2]})

    assert outputs.to_dict() == {"a": 1, "from": [2]}


def test_metadata_can_be_written_by_hand() -> None:
    meta = ActionMeta(
        type="greet",
        version="1.0.0",
        name="Greet",
        description="Says hello",
        category="Control Flow",
        execution_mode=ExecutionMode.SYNC,
        params=[ParamDefinition(name="person", label="Person", type=ParamType.STRING, required=True)],
        outputs=[OutputDefinition(name="text", type="string")],  # type: ignore[arg-type]
    )

    assert meta.to_dict()["params"][0] == {
        "name": "person",
        "label": "Person",
        "type": "string",
        "required": True,
        "secret": False,
    }
    assert meta.idempotent is True


class Doubled(TypedExecutor[set_output.Params, set_output.Outputs]):
    async def run(self, params: set_output.Params, context: ActionContext) -> set_output.Outputs | Awaiting:
        if "wait" in params.outputs:
            return Awaiting(external_workflow_id="w-1", outputs={"status": "running"}, timeout_seconds=5)
        if "fail" in params.outputs:
            raise ActionError("it broke", {"status": "failed"})
        return set_output.Outputs(values={key: value * 2 for key, value in params.outputs.items()})


def execute(outputs: dict[str, Any]) -> Any:
    return asyncio.run(Doubled().execute(ActionContext(params={"outputs": outputs})))


def test_a_typed_executor_decodes_runs_and_encodes() -> None:
    result = execute({"a": 2})

    assert (result.success, result.outputs, result.awaiting_event) == (True, {"a": 4}, False)


def test_a_typed_executor_can_wait() -> None:
    result = execute({"wait": 1})

    assert (result.success, result.awaiting_event, result.external_workflow_id) == (True, True, "w-1")
    assert (result.outputs, result.timeout_seconds) == ({"status": "running"}, 5)


def test_a_typed_executor_can_fail() -> None:
    result = execute({"fail": 1})

    assert (result.success, result.error, result.outputs) == (False, "it broke", {"status": "failed"})


def test_any_other_exception_is_not_hidden() -> None:
    with pytest.raises(TypeError):
        execute({"a": None})


def test_an_executor_without_events_says_so() -> None:
    event = EventContext(
        step_execution_id="s", execution_id="e", external_workflow_id="w", event_type="done", event_data={}
    )
    executor: BaseActionExecutor = Doubled()

    assert executor.validate_params({}) == []
    with pytest.raises(TypeError, match="has no on_event"):
        asyncio.run(executor.on_event(event))


def test_every_action_has_its_executor() -> None:
    for entry in ENTRIES:
        module, _, name = entry["executor"].partition(":")
        assert issubclass(getattr(importlib.import_module(module), name), TypedExecutor)

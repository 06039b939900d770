"""What executors share: calls that cannot be led astray, and events in every shape that the platform sends."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bud_actions.base import ActionContext, ActionError, EventAction, ServiceError, ServiceRejectedError
from bud_actions.platform.calls import ask_budapp, ask_budcluster, failing, path, text_in
from bud_actions.platform.devices import NoFitError, Wanted, chosen_layout
from bud_actions.platform.events import Phases, read
from bud_actions.platform.workflows import give_up, state_in, workflow_id_of
from bud_generated.model.delete import Outputs
from tests.contract.rows.notices import in_envelope, notice, workflow_completed

TEXTS = st.sampled_from(["", "notification", "workflow_completed", "deploy_model", "results", "eta", "FAILED", "3"])
KEYS = st.sampled_from(["type", "payload", "event", "content", "status", "result", "results", "message"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=5,
)
PHASES = Phases(activities=frozenset({"deploy_model"}), progress={("verify", "STARTED"): 30})


@dataclass
class Answering:
    """A service that gives one answer, and remembers what it was asked."""

    answer: Any = None
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    async def invoke(
        self,
        app_id: str,
        method_path: str,
        http_method: str,
        data: Any,
        params: Mapping[str, Any] | None,
        timeout_seconds: float,
        headers: Mapping[str, str],
    ) -> Any:
        self.asked.append((app_id, http_method, method_path, params))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def publish(self, topic: str, data: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        raise AssertionError(topic)


def test_budapp_is_asked_as_the_user_and_budcluster_is_not() -> None:
    services = Answering()
    context = ActionContext(user_id="u", services=services)
    asyncio.run(ask_budapp(context, "GET", "models", query={"user_id": "other", "limit": 1}))
    asyncio.run(ask_budcluster(context, "GET", "nodes"))

    assert services.asked == [
        ("budapp", "GET", "models", {"user_id": "u", "limit": 1}),
        ("budcluster", "GET", "nodes", None),
    ]


@pytest.mark.parametrize(
    ("segment", "escaped"),
    [("a/b", "a%2Fb"), ("../x", "..%2Fx"), ("a?b#c", "a%3Fb%23c"), ("ü %", "%C3%BC%20%25"), ("...", "...")],
)
def test_a_segment_stays_one_segment(segment: str, escaped: str) -> None:
    assert path("models", segment, "nodes") == f"models/{escaped}/nodes"


@pytest.mark.parametrize("segment", ["", ".", ".."])
def test_a_segment_that_would_lead_elsewhere_is_refused(segment: str) -> None:
    with pytest.raises(ServiceError, match="is not an id") as raised:
        path("models", segment)

    assert not raised.value.had_effect


def test_a_refusal_in_the_body_of_an_answer_is_a_refusal() -> None:
    context = ActionContext(services=Answering({"code": 404, "message": "No such model"}))

    with pytest.raises(ServiceRejectedError, match=r"^budapp answered 404: No such model$") as raised:
        asyncio.run(ask_budapp(context, "GET", "models/1"))
    assert (raised.value.status, raised.value.had_effect) == (404, False)


@pytest.mark.parametrize("answer", [[], "done", 1, True])
def test_an_answer_that_is_no_object_is_an_error(answer: Any) -> None:
    with pytest.raises(ServiceError, match="what is no object"):
        asyncio.run(ask_budapp(ActionContext(services=Answering(answer)), "GET", "models"))


@pytest.mark.parametrize(("only_reads", "had_effect"), [(False, True), (True, False)])
def test_what_only_reads_has_no_effect(only_reads: bool, had_effect: bool) -> None:
    with (
        pytest.raises(ActionError, match=r"^Asking: silence$") as raised,
        failing("Asking", lambda message: Outputs(success=False, model_id="m", message=message), only_reads=only_reads),
    ):
        raise ServiceError("silence")

    assert raised.value.had_effect == had_effect
    assert raised.value.outputs == {"success": False, "model_id": "m", "message": "Asking: silence"}


@pytest.mark.parametrize(
    ("document", "text"),
    [({"a": "x"}, "x"), ({"a": 7}, "7"), ({"a": "", "b": "y"}, "y"), ({"a": None}, None), ({"a": True, "b": []}, None)],
)
def test_ids_are_texts_or_numbers(document: dict[str, Any], text: str | None) -> None:
    assert text_in(document, "a", "b") == text


@pytest.mark.parametrize(
    ("answer", "workflow_id"),
    [
        ({"workflow_id": "1"}, "1"),
        ({"data": {"workflow_id": 1}}, "1"),
        ({"workflow_id": "1", "data": {"workflow_id": "2"}}, "2"),
        ({"workflow_id": None, "data": None}, None),
    ],
)
def test_a_workflow_is_named_in_the_data_or_beside_it(answer: dict[str, Any], workflow_id: str | None) -> None:
    assert workflow_id_of(answer) == workflow_id


def test_a_workflow_that_goes_on_has_neither_completed_nor_failed() -> None:
    for answer in ({}, {"status": "in_progress"}, {"status": None}, {"data": {"status": "RUNNING"}}):
        state = state_in(answer)
        assert (state.has_completed, state.has_failed) == (False, False)
    assert state_in({"data": {"status": "completed"}}).has_completed
    assert state_in({"status": "Cancelled"}).has_failed


def test_a_refusal_to_give_a_workflow_up_is_told() -> None:
    refusal = ServiceRejectedError("budapp answered 403: Not yours", 403)

    with pytest.raises(ServiceRejectedError, match="Not yours"):
        asyncio.run(give_up(ActionContext(services=Answering(refusal)), ask_budapp, "wf-1"))


EVENT = notice("deploy_model", "results", "COMPLETED", "Done", title="Deploying", result={"endpoint_id": "e"})


@pytest.mark.parametrize(
    "event",
    [
        EVENT,
        in_envelope(EVENT),
        {"specversion": "1.0", "type": "notification", "data": {"payload": EVENT["payload"]}},
        {"type": "deploy_model", "payload": {**EVENT["payload"], "type": "other"}},
        {"type": "notification", "payload": {**EVENT["payload"], "content": {**EVENT["payload"]["content"]}}},
    ],
)
def test_every_shape_of_a_notification_says_the_same(event: dict[str, Any]) -> None:
    told = read(event)

    assert (told.activity, told.phase, told.status) == ("deploy_model", "results", "COMPLETED")
    assert (told.title, told.message, told.values) == ("Deploying", "Done", {"endpoint_id": "e"})
    assert PHASES.has_completed(told)


def test_results_count_before_a_result() -> None:
    event = notice("delete_deployment", "results", "COMPLETED", results={"namespace": "n"})

    assert read(event).values == {"namespace": "n"}


@pytest.mark.parametrize(("status", "ends_well"), [("COMPLETED", True), ("FAILED", False), ("", False)])
def test_a_completed_workflow_has_ended_one_way_or_the_other(status: str, ends_well: bool) -> None:
    told = read(workflow_completed(status, {"model_id": "m"}, "Why"))

    assert (PHASES.has_completed(told), PHASES.has_failed(told)) == (ends_well, not ends_well)
    assert (told.values, told.message) == ({"model_id": "m"}, "Why")


def test_other_activities_do_not_count() -> None:
    for phase, status in (("results", "COMPLETED"), ("results", "FAILED"), ("verify", "STARTED"), ("eta", "RUNNING")):
        told = read(notice("scan_model", phase, status, "3"))
        assert not PHASES.has_completed(told)
        assert not PHASES.has_failed(told)
        assert PHASES.told(told).action is EventAction.IGNORE


@pytest.mark.parametrize("minutes", ["", "soon", "-1", "1.5", "9" * 5000])
def test_an_estimate_that_is_no_number_of_minutes_is_ignored(minutes: str) -> None:
    assert PHASES.told(read(notice("deploy_model", "eta", "RUNNING", minutes))).action is EventAction.IGNORE


@given(
    event=st.fixed_dictionaries(
        {},
        optional={
            "type": JSON,
            "data": JSON,
            "payload": JSON | st.fixed_dictionaries({}, optional={"type": JSON, "event": JSON, "content": JSON}),
            "status": JSON,
            "result": JSON,
        },
    )
)
def test_no_event_is_too_odd_to_be_read(event: dict[str, Any]) -> None:
    told = read(event)

    assert not (PHASES.has_completed(told) and PHASES.has_failed(told))
    assert PHASES.told(told).action in EventAction


def test_the_best_device_that_is_free_is_chosen() -> None:
    nodes: list[dict[str, Any]] = [
        {"hardware_info": [{"type": "cpu", "available_count": 8}, {"type": "CUDA", "available_count": 0}]},
        {"hardware_info": [{"type": "hpu", "available_count": 1}, {"type": "npu", "available_count": 1}, {}]},
        {"hardware_info": None},
    ]

    assert chosen_layout([], nodes, Wanted()).device_type == "hpu"
    assert (
        chosen_layout([], [{"hardware_info": [{"type": "npu", "available_count": 1}]}], Wanted()).device_type == "npu"
    )


def test_one_size_that_is_given_leaves_the_other_open() -> None:
    options = [{"tp_size": 1, "pp_size": 1}, {"tp_size": 2, "pp_size": 2, "max_replicas": 3}]
    layout = chosen_layout([{"device_type": "cuda", "tp_pp_options": options}], [], Wanted(tp_size=2))

    assert (layout.tp_size, layout.pp_size, layout.replicas) == (2, 2, 3)


def test_a_configuration_without_options_fits_nothing() -> None:
    with pytest.raises(NoFitError, match="TP=any,PP=any not valid for cuda; valid: none"):
        chosen_layout([{"device_type": "cuda"}], [], Wanted())

"""What the simulator does: the phases of work, and what goes wrong when that is asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest

from bud_server.simulator.fate import Chance, Trait, asked_for
from bud_server.simulator.options import Options
from tests.simulator.inbox import Inbox
from tests.simulator.platform import TOKEN, Platform
from tests.support.server import wait_until

FAST = 100_000
LLAMA = "8b1f0d52-6c1f-4d0a-9f3e-2a6f9d1c7e05"
BLUE = "d9e2b7c4-0a63-4f18-b5d1-7c8e4f2a9b36"
CLUSTER = "3f0f7c3a-91a6-4f57-8a5e-0c9d1e2b7f64"
AILING = "f5c0a9d3-6b27-4e18-a4f2-81d9e3b7c560"
PROJECT = "61c4e9f0-2d7b-4c35-8b1a-9e0f5a3d7c28"


@pytest.fixture(scope="module")
def inbox() -> Iterator[Inbox]:
    with Inbox().running() as taking:
        yield taking


@contextmanager
def simulating(inbox: Inbox, **options: Any) -> Iterator[Platform]:
    with Platform(inbox.url, **{"speed": FAST, **options}).running() as platform:
        yield platform


@pytest.fixture(scope="module")
def shared(inbox: Inbox) -> Iterator[Platform]:
    with simulating(inbox) as platform:
        yield platform


@pytest.fixture
def platform(shared: Platform) -> Platform:
    """Return a simulator as it is at the start."""
    shared.begin_anew()
    return shared


def ask(platform: Platform, method: str, path: str, body: object = None, key: str = "") -> httpx2.Response:
    headers = {"idempotency-key": key} if key else {}
    return httpx2.request(method, f"{platform.url}/{path}", json=body, headers=headers, timeout=20)


def add(platform: Platform, uri: str = "acme/chat-7b", key: str = "", **more: Any) -> dict[str, Any]:
    """Begin to add a model, and return the answer."""
    body = {"uri": uri, "provider_type": "hugging_face", "callback_topic": "budpipelineEvents", **more}
    found: dict[str, Any] = ask(platform, "POST", "budapp/models/local-model-workflow", body, key).json()
    return found


def ended(platform: Platform, workflow_id: str) -> dict[str, Any]:
    """Return some work once it has ended."""
    found: dict[str, Any] = {}

    def has_ended() -> bool:
        found.update(ask(platform, "GET", f"budapp/workflows/{workflow_id}").json())
        return bool(found["status"] != "in_progress")

    wait_until(has_ended)
    return found


def test_a_deployment_goes_through_its_phases(platform: Platform, inbox: Inbox) -> None:
    body = {"model_id": LLAMA, "project_id": PROJECT, "endpoint_name": "new", "cluster_id": CLUSTER}
    told = {**body, "callback_topic": "budpipelineEvents"}
    workflow_id = ask(platform, "POST", "budapp/models/deploy-workflow", told).json()["workflow_id"]
    wait_until(lambda: inbox.told(workflow_id)[-1:] == [("deployment_status", "COMPLETED")])

    phases = [
        "verify_cluster_connection",
        "transfer_model_to_cluster",
        "deploy_to_engine",
        "verify_deployment_status",
        "run_performance_benchmark",
    ]
    between = [(phase, status) for phase in phases for status in ("STARTED", "COMPLETED")]
    first, last = ("deployment_status", "STARTED"), ("deployment_status", "COMPLETED")
    assert inbox.told(workflow_id) == [first, *between, ("results", "COMPLETED"), last]
    assert "new" in platform.names("endpoints")


def test_an_event_is_a_flat_cloud_event_with_the_token(platform: Platform, inbox: Inbox) -> None:
    workflow_id = add(platform)["workflow_id"]
    wait_until(lambda: inbox.of(workflow_id))

    event = inbox.of(workflow_id)[0]
    headers = inbox.headers[inbox.events.index(event)]
    assert (event["specversion"], event["type"], event["source"]) == ("1.0", "notification", "budapp")
    assert event["payload"]["type"] == "perform_model_extraction"
    assert headers["content-type"] == "application/cloudevents+json"
    assert headers["dapr-api-token"] == TOKEN


def test_what_is_left_is_told_in_minutes(platform: Platform, inbox: Inbox) -> None:
    workflow_id = add(platform)["workflow_id"]
    ended(platform, workflow_id)
    wait_until(lambda: ("results", "COMPLETED") in inbox.told(workflow_id))

    etas = [each["payload"]["content"] for each in inbox.of(workflow_id) if each["payload"]["event"] == "eta"]
    minutes = [int(content["message"]) for content in etas]
    assert minutes == sorted(minutes, reverse=True)
    assert minutes[0] == 2


def test_a_result_names_what_was_made(platform: Platform, inbox: Inbox) -> None:
    workflow_id = add(platform, name="chat")["workflow_id"]
    wait_until(lambda: ("results", "COMPLETED") in inbox.told(workflow_id))

    result = inbox.of(workflow_id)[-1]["payload"]["content"]["result"]
    assert platform.world.models[result["model_id"]].name == result["model_name"] == "chat"
    assert ended(platform, workflow_id)["workflow_steps"] == result


def test_without_a_topic_nothing_is_told(platform: Platform, inbox: Inbox) -> None:
    workflow_id = add(platform, callback_topic=None)["workflow_id"]

    assert ended(platform, workflow_id)["status"] == "completed"
    assert inbox.of(workflow_id) == []


@pytest.mark.parametrize(
    ("name", "traits"),
    [
        ("acme/fail-7b", {Trait.FAIL}),
        ("Slow_Early", {Trait.SLOW, Trait.EARLY}),
        ("https://models.example.com/duplicate.tar.gz", {Trait.DUPLICATE}),
        ("lost", {Trait.LOST}),
        ("failover", set()),
        ("nearly", set()),
        (None, set()),
    ],
)
def test_a_name_asks_for_its_fate_in_whole_words(name: str | None, traits: set[Trait]) -> None:
    assert asked_for(name) == traits


def test_work_that_fails_is_not_heard_of_again(platform: Platform, inbox: Inbox) -> None:
    workflow_id = add(platform, "acme/fail-7b")["workflow_id"]
    assert ended(platform, workflow_id)["status"] == "failed"
    wait_until(lambda: inbox.told(workflow_id)[-1:] and inbox.told(workflow_id)[-1][1] == "FAILED")

    assert [status for _, status in inbox.told(workflow_id)].count("FAILED") == 1
    assert "fail-7b" not in platform.names("models")


def test_duplicates_come_twice_under_one_id(platform: Platform, inbox: Inbox) -> None:
    workflow_id = add(platform, "acme/duplicate-7b")["workflow_id"]
    wait_until(lambda: inbox.told(workflow_id).count(("results", "COMPLETED")) == 2)

    ids = [event["id"] for event in inbox.of(workflow_id)]
    assert all(ids.count(each) == 2 for each in ids)


def test_early_events_come_before_the_answer(platform: Platform, inbox: Inbox) -> None:
    workflow_id = add(platform, "acme/early-7b")["workflow_id"]

    assert inbox.told(workflow_id)[-1] == ("results", "COMPLETED")


def test_a_lost_answer_has_had_its_effect(platform: Platform) -> None:
    with pytest.raises(httpx2.RemoteProtocolError):
        add(platform, "acme/lost-7b", key="execution/step")

    wait_until(lambda: "lost-7b" in platform.names("models"))
    assert len(platform.world.workflows) == 1


def test_the_same_call_of_a_step_has_one_effect(platform: Platform) -> None:
    first, again = add(platform, key="a/b"), add(platform, key="a/b")
    other = add(platform, key="a/c")

    assert first == again
    assert first["workflow_id"] != other["workflow_id"]


def test_what_has_failed_is_begun_anew(platform: Platform) -> None:
    first = add(platform, "acme/fail-7b", key="d/e")["workflow_id"]
    ended(platform, first)

    assert add(platform, "acme/fail-7b", key="d/e")["workflow_id"] != first


def test_an_event_is_delivered_again_until_it_is_taken(platform: Platform, inbox: Inbox) -> None:
    inbox.refusals += [503, 500, 503]
    workflow_id = add(platform)["workflow_id"]
    wait_until(lambda: ("results", "COMPLETED") in inbox.told(workflow_id))

    assert inbox.told(workflow_id)[0] == ("validation", "STARTED")


def test_work_can_be_given_up_until_it_is_over(inbox: Inbox) -> None:
    with simulating(inbox, speed=4) as platform:
        over, under_way = add(platform, "acme/early-7b")["workflow_id"], add(platform)["workflow_id"]
        cancelled = ask(platform, "DELETE", f"budapp/workflows/{under_way}")
        refused = ask(platform, "DELETE", f"budapp/workflows/{over}")

    assert cancelled.json()["status"] == "cancelled"
    assert refused.status_code == 409


def test_a_seed_makes_chance_the_same(inbox: Inbox) -> None:
    def drawn(seed: int) -> list[str]:
        with simulating(inbox, seed=seed, failures=0.5) as platform:
            found = [add(platform, f"acme/m{number}", callback_topic=None)["workflow_id"] for number in range(8)]
            return [f"{each} {ended(platform, each)['status']}" for each in found]

    first = drawn(1)
    assert drawn(1) == first
    assert {line.split()[1] for line in first} == {"completed", "failed"}
    assert drawn(2) != first


@pytest.mark.parametrize(
    ("share", "trait"),
    [("failures", Trait.FAIL), ("duplicates", Trait.DUPLICATE), ("early", Trait.EARLY), ("lost", Trait.LOST)],
)
def test_a_share_of_one_concerns_everything(share: str, trait: Trait) -> None:
    options: dict[str, Any] = {share: 1}

    assert Chance(Options(**options)).traits("anything") == {trait}
    assert Chance(Options()).traits("anything") == set()


def test_a_call_that_starts_no_work_fails_at_once(inbox: Inbox) -> None:
    with simulating(inbox, failures=1) as platform:
        refused = ask(platform, "PUT", f"budapp/endpoints/{BLUE}/autoscale", {})
        unharmed = platform.world.endpoints[BLUE].autoscale

    assert (refused.status_code, unharmed["maxReplicas"]) == (503, 3)


def test_a_notification_can_ask_to_fail(platform: Platform) -> None:
    sent = {"payload": {"content": {"title": "Please fail"}}}

    assert ask(platform, "POST", "budnotify/topics/notificationMessages", sent).status_code == 503
    assert platform.world.notifications == []


def test_a_model_in_use_is_deleted_only_by_force(platform: Platform) -> None:
    refused = ask(platform, "DELETE", f"budapp/models/{LLAMA}?force=false")
    assert (refused.status_code, refused.json()["message"]) == (
        409,
        "Model llama-2-7b-chat is deployed as assistant-blue",
    )

    assert ask(platform, "DELETE", f"budapp/models/{LLAMA}?force=true").is_success
    assert LLAMA not in platform.world.models


def test_dapr_reaches_the_same_world(platform: Platform) -> None:
    plain = ask(platform, "GET", f"budapp/models/{LLAMA}").json()
    assert ask(platform, "GET", f"v1.0/invoke/budapp/method/models/{LLAMA}").json() == plain

    assert ask(platform, "POST", "v1.0/publish/pubsub/notificationMessages", {"name": "bud-notification"}).is_success
    shown = ask(platform, "GET", "budnotify/notifications").json()["notifications"]
    assert shown == [{"name": "bud-notification"}]


def test_clusters_come_and_go(platform: Platform) -> None:
    body = {"name": "new", "provider": "aws", "node_count": 2}
    created = ended(platform, ask(platform, "POST", "budcluster/cluster/create-workflow", body).json()["workflow_id"])
    cluster_id = created["workflow_steps"]["cluster_id"]
    nodes = ask(platform, "GET", f"budcluster/cluster/{cluster_id}/nodes").json()["param"]["nodes"]
    deleted = ask(platform, "POST", f"budcluster/cluster/{cluster_id}/delete-workflow", {}).json()["workflow_id"]

    assert [node["name"] for node in nodes] == ["new-1", "new-2"]
    assert ended(platform, deleted)["status"] == "completed"
    assert "new" not in platform.names("clusters")


def test_a_cluster_in_use_is_deleted_only_by_force(platform: Platform) -> None:
    path = f"budcluster/cluster/{CLUSTER}/delete-workflow"

    assert ask(platform, "POST", path, {"force": False}).status_code == 409
    forced = ask(platform, "POST", path, {"force": True}).json()["workflow_id"]
    assert ended(platform, forced)["status"] == "completed"


def test_the_checks_that_are_asked_for_are_made(platform: Platform) -> None:
    well = ask(platform, "GET", f"budcluster/cluster/{CLUSTER}/health?checks=nodes,gpu").json()["data"]
    ailing = ask(platform, "GET", f"budcluster/cluster/{AILING}/health?checks=nodes,api").json()["data"]

    assert {check: found["healthy"] for check, found in well.items()} == {"nodes": True, "gpu": True}
    assert {check: found["healthy"] for check, found in ailing.items()} == {"nodes": False, "api": True}


def test_a_simulation_ranks_clusters_but_those_that_ask_for_failure(platform: Platform, inbox: Inbox) -> None:
    body = {"pretrained_model_uri": "acme/chat-7b", "source_topic": "budpipelineEvents"}
    at_once = ask(platform, "POST", "budsim/simulator/run", {**body, "debug": True}).json()["recommendations"]
    workflow_id = ask(platform, "POST", "budsim/simulator/run", body).json()["workflow_id"]
    wait_until(lambda: ("results", "COMPLETED") in inbox.told(workflow_id))
    nothing = ask(platform, "POST", "budsim/simulator/run", {**body, "debug": True, "cluster_id": AILING}).json()

    results = inbox.of(workflow_id)[-1]
    later = ask(platform, "GET", f"budsim/simulator/recommendations?workflow_id={workflow_id}").json()
    assert results["type"] == "get_cluster_recommendations"
    assert results["payload"]["content"]["result"]["recommendations"] == later["recommendations"] == at_once
    assert len(at_once) == 2
    assert nothing["recommendations"] == []


def test_a_wrong_body_is_refused(platform: Platform) -> None:
    to = f"{platform.url}/budapp/models/local-model-workflow"
    answers = [httpx2.post(to, content=content) for content in (b"", b"[]", b"{", b"\xff")]
    concurrency = ask(platform, "POST", "budsim/simulator/run", {"pretrained_model_uri": "a/b", "concurrency": "all"})

    assert [answer.status_code for answer in (*answers, concurrency)] == [422, 422, 400, 400, 422]
    assert answers[0].json()["message"] == "uri: Field required"


def test_a_hook_takes_any_json(platform: Platform) -> None:
    assert ask(platform, "POST", "web/hooks/any", [1, 2]).json()["received"] is True
    assert platform.world.hooks == [{"name": "any", "body": [1, 2]}]


def test_what_it_does_not_know_is_said(platform: Platform) -> None:
    unknown = ask(platform, "POST", "budapp/nothing", {})
    assert (unknown.status_code, unknown.json()["message"]) == (404, "The simulator does not know POST /budapp/nothing")


def test_everything_there_is_is_shown(platform: Platform) -> None:
    shown = ask(platform, "GET", "").json()
    assert shown["models"].keys() == platform.world.models.keys()
    assert shown["endpoints"][BLUE]["name"] == "assistant-blue"

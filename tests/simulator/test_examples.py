"""Each example runs to its end against the simulator, whether or not the server is killed on the way."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.simulator.platform import EXAMPLES, Pipelines, Platform, example, free_port
from tests.support.server import wait_until

SPEED = 100
LLAMA = "8b1f0d52-6c1f-4d0a-9f3e-2a6f9d1c7e05"
BLUE = "d9e2b7c4-0a63-4f18-b5d1-7c8e4f2a9b36"


@dataclass(frozen=True, kw_only=True)
class Case:
    """An example, what comes of it, and where it is interrupted."""

    name: str
    killed_in: str
    """The step that is under way when the server is killed."""
    held: str = ""
    """The end of the path of a call that step waits for; empty if it waits for an event or a moment."""
    check: Callable[[Mapping[str, Any], Platform], None]
    """Looks at the outputs, and at what there is on the platform."""
    params: Callable[[Platform], dict[str, Any]] = field(default=lambda _: {})


def _check_onboarding(outputs: Mapping[str, Any], platform: Platform) -> None:
    endpoint = platform.world.endpoints[outputs["endpoint_id"]]
    assert platform.world.models[outputs["model_id"]].uri == "acme/chat-7b"
    assert (endpoint.model_id, endpoint.status) == (outputs["model_id"], "running")
    assert outputs["endpoint_url"] == endpoint.url
    assert outputs["limits"]["requests_per_second"] == 20


def _check_benchmarks(outputs: Mapping[str, Any], platform: Platform) -> None:
    assert outputs == {"faster": "second", "tokens_per_second": 921.6}
    assert len(platform.world.workflows) == 2


def _check_change(outputs: Mapping[str, Any], platform: Platform) -> None:
    assert outputs["branch"] == "go"
    assert platform.names("endpoints") == {"assistant-green", "demo-stale"}
    assert platform.world.endpoints[outputs["live"]].autoscale["minReplicas"] == 3


def _check_warning(outputs: Mapping[str, Any], platform: Platform) -> None:
    assert outputs == {"healthy": False, "issues": ["nodes: edge-fail-1 is not ready"], "warned": True}
    assert len(platform.world.notifications) == 1


def _check_night(outputs: Mapping[str, Any], platform: Platform) -> None:
    assert outputs == {"waited": True, "expected": 675.2, "measured": 675.6}
    assert len(platform.world.workflows) == 2


def _check_rollout(outputs: Mapping[str, Any], platform: Platform) -> None:
    assert outputs == {"requests_per_second": 200}
    assert platform.world.endpoints[BLUE].settings["rate_limits"]["requests_per_second"] == 200


def _check_prices(outputs: Mapping[str, Any], platform: Platform) -> None:
    assert outputs == {"dollars_per_gpu_hour": 1.9, "answers": 3, "posted": True}
    assert [hook["body"]["dollars_per_gpu_hour"] for hook in platform.world.hooks] == [1.9]


def _check_removal(outputs: Mapping[str, Any], platform: Platform) -> None:
    assert outputs == {"endpoint": "COMPLETED", "model": "COMPLETED", "other_model": "FAILED"}
    assert platform.names("endpoints") == {"assistant-blue"}
    assert platform.names("models") == {"llama-2-7b-chat", "mistral-7b"}


def _soon(_platform: Platform) -> dict[str, Any]:
    return {"start_at": f"{datetime.now(UTC) + timedelta(seconds=4):%H:%M:%S}"}


CASES = (
    Case(name="onboard_and_deploy", killed_in="deploy", check=_check_onboarding),
    Case(name="benchmark_clusters", killed_in="second", check=_check_benchmarks),
    Case(name="blue_green", killed_in="check", held="/health", check=_check_change),
    Case(name="health_check", killed_in="check", held="/health", check=_check_warning),
    Case(name="nightly_batch", killed_in="night", check=_check_night, params=_soon),
    Case(name="ratelimit_rollout", killed_in="tenth", held="/deployment-settings", check=_check_rollout),
    Case(
        name="price_fan_out",
        killed_in="pause",
        check=_check_prices,
        params=lambda platform: {"base_url": f"{platform.url}/web"},
    ),
    Case(name="cleanup", killed_in="endpoint", check=_check_removal),
)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Platform, Pipelines]]:
    pipelines = Pipelines(tmp_path_factory.mktemp("pipelines"), free_port())
    with Platform(f"{pipelines.url}/workflow-events", speed=SPEED).running() as platform:
        yield platform, pipelines
        pipelines.stop()


@pytest.fixture
def platform(everything: tuple[Platform, Pipelines]) -> Platform:
    """Return the simulator, as it is at the start."""
    everything[0].begin_anew()
    return everything[0]


@pytest.fixture
def pipelines(everything: tuple[Platform, Pipelines]) -> Pipelines:
    """Return a server that uses the simulator."""
    platform, pipelines = everything
    pipelines.start(platform)
    return pipelines


def test_every_example_has_a_case() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.yaml")} == {case.name for case in CASES} | {"hello"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_example_runs_to_its_end(case: Case, platform: Platform, pipelines: Pipelines) -> None:
    execution_id = pipelines.run(example(case.name), case.params(platform))
    ended = pipelines.ended(execution_id)

    assert ended["status"] == "COMPLETED", ended
    case.check(ended["final_outputs"], platform)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_example_outlives_its_server(case: Case, platform: Platform, pipelines: Pipelines) -> None:
    platform.app.hold = case.held
    execution_id = pipelines.run(example(case.name), case.params(platform))
    wait_until(lambda: _is_under_way(case, platform, pipelines.steps(execution_id)))

    pipelines.kill()
    pipelines.start(platform)
    ended = pipelines.ended(execution_id)

    assert ended["status"] == "COMPLETED", ended
    case.check(ended["final_outputs"], platform)


def test_events_that_come_early_and_twice_change_nothing(platform: Platform, pipelines: Pipelines) -> None:
    params = {"model_uri": "acme/early-duplicate-7b", "endpoint_name": "early-duplicate"}
    ended = pipelines.ended(pipelines.run(example("onboard_and_deploy"), params))

    assert ended["status"] == "COMPLETED", ended
    assert "early-duplicate-7b" in platform.names("models")
    assert "early-duplicate" in platform.names("endpoints")


def test_work_that_fails_fails_the_step(platform: Platform, pipelines: Pipelines) -> None:
    execution_id = pipelines.run(example("onboard_and_deploy"), {"model_uri": "acme/fail-7b"})
    ended = pipelines.ended(execution_id)
    steps = pipelines.steps(execution_id)

    assert ended["status"] == "FAILED", ended
    assert steps["add"]["error_message"] == "The simulator was asked to fail"
    assert steps["deploy"]["status"] == "SKIPPED"


def test_an_example_runs_in_the_terminal_beside_a_server(platform: Platform, pipelines: Pipelines) -> None:
    done = pipelines.run_in_terminal(EXAMPLES / "benchmark_clusters.yaml", platform)

    assert done.returncode == 0, done.stderr
    _check_benchmarks(json.loads(done.stdout), platform)


def _is_under_way(case: Case, platform: Platform, steps: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether the server can be killed in the middle of a step."""
    if case.held:
        return platform.app.is_holding
    return bool(steps[case.killed_in]["awaiting_event"] or steps[case.killed_in]["end_time"])

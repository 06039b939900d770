"""The benchmarks measure what they say: valid projects without repetition, and the same faults for every validator."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from bench import actions, client, durable, floor, history, packages, runtime, server, steps, table, validation
from bench.process import Cost, best
from bench.runtime import Peer

from bud_codegen import api
from bud_codegen.model import Project


def test_synthetic_actions_are_valid_and_differ() -> None:
    sources = actions.sources(24)

    assert len(sources) == 24
    assert api.lint(sources, Project("acme")) is None
    catalog = api.load_catalog(sources, Project("acme"))
    for part in ("params_schema", "outputs_schema"):
        assert len({repr(getattr(action, part)) for action in catalog.actions}) == 24


def test_synthetic_actions_are_the_same_in_every_run() -> None:
    assert actions.sources(5) == actions.sources(5)


def test_a_synthetic_action_is_as_large_as_it_says() -> None:
    text = next(iter(actions.sources(1).values()))
    action = api.load_catalog(actions.sources(1), Project("acme")).actions[0].meta

    assert 60 <= len(text.splitlines()) <= 75
    assert [len(action[key]) for key in ("params", "outputs", "examples")] == [6, 3, 1]


def test_an_edited_project_stays_valid_and_differs_in_one_action(tmp_path: Path) -> None:
    project = actions.write_project(tmp_path / "project", 24)
    before = actions.sources(24)

    edited = actions.edit_one(project)

    after = {path: (project / path).read_text(encoding="utf-8") for path in before}
    assert [path for path in before if after[path] != before[path]] == [edited]
    assert api.lint(after, Project("acme")) is None


def test_good_params_have_no_problems_anywhere() -> None:
    assert validation.our_problems(validation.GOOD) == []
    assert validation.pydantic_problems(validation.GOOD) == []


def test_bad_params_have_the_four_problems_that_pydantic_finds() -> None:
    ours = validation.our_problems(validation.BAD)
    peers = validation.pydantic_problems(validation.BAD)

    assert len(ours) == 4
    assert [problem.param for problem in ours] == [error["loc"][0] for error in peers]


def test_the_contestants_agree_on_what_is_valid() -> None:
    contestants = validation._contestants(validation.GOOD)
    assert [name for name, call in contestants.items() if call() and name != "pydantic"] == []

    contestants = validation._contestants(validation.BAD)
    found = {name: call() for name, call in contestants.items()}
    assert found.pop("pydantic") is False
    assert {name: len(each) for name, each in found.items() if isinstance(each, list)} == dict.fromkeys(found, 4)


def test_first_use_is_measured_on_valid_params() -> None:
    pattern, suffix = "^job7-[0-9]+$", "_7"

    assert validation._our_first_use(pattern, suffix)() == []
    validation._pydantic_first_use(pattern, suffix)()


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """Yield the ports of all servers; the larger ones have six actions more."""
    folder = tmp_path_factory.mktemp("bench")
    with ExitStack() as stack:
        yield server.started(stack, folder, packages.install(folder / "site", 2, 6))


def test_every_server_gives_the_answers_that_are_measured(servers: dict[str, int]) -> None:
    cases = server.cases(servers["few"], servers["many"])

    sizes = {case.what: server.size(servers[case.server], case) for case in cases}

    assert sizes["GET /actions, 304"] == 0
    assert sizes["GET /actions, 30"] > sizes["GET /actions, 24"]
    floors = [client.ask(servers["plain"], case.floor).status for case in cases]
    assert floors == [200] * len(cases)


def test_fastapi_answers_as_ours_does(servers: dict[str, int]) -> None:
    listing, valid = client.request("/actions"), b'{"action_type": "log", "params": {"message": "Hello"}}'
    invalid = b'{"action_type": "log", "params": {"message": 5}}'
    ours, theirs = (json.loads(client.ask(servers[name], listing).body) for name in ("many", "fastapi many"))

    assert [each["type"] for each in theirs["actions"]] == [each["type"] for each in ours["actions"]]
    assert [each["name"] for each in theirs["categories"]] == [each["name"] for each in ours["categories"]]
    for body in (valid, invalid):
        asked = client.request("/actions/validate", body)
        verdicts = [json.loads(client.ask(servers[name], asked).body) for name in ("few", "fastapi few")]
        assert verdicts[0]["valid"] is verdicts[1]["valid"] is (body is valid)
        assert verdicts[0]["errors"] == verdicts[1]["errors"]


def test_the_load_generator_counts_whole_answers(servers: dict[str, int]) -> None:
    seconds = client.seconds_an_answer(servers["plain"], client.request("/100000"), connections=2, seconds=0.05)

    assert 0 < seconds < 1


def test_verdicts_follow_from_ratios() -> None:
    assert table.at_most("a", 1.0, 2.0, 0.5).verdict == "ok"
    assert table.at_most("a", 1.1, 2.0, 0.5).verdict == "short"
    assert table.times_as_fast("a", 1.0, 2.0, 2.0).verdict == "ok"
    assert table.times_as_fast("a", 1.0, 1.9, 2.0).verdict == "short"
    assert table.times_as_fast("a", 1.0, 1.9, None).verdict == ""


def test_the_best_of_several_rounds_is_taken_part_by_part() -> None:
    assert best([Cost(1, 5, 9), Cost(2, 4, 8)]) == Cost(1, 4, 8)


def test_what_the_runtime_is_measured_at_runs_to_its_end(tmp_path: Path) -> None:
    with steps.runtime(f"sqlite:///{tmp_path}/bud.db") as running:
        assert steps.seconds(running, steps.chain(3)) > 0
        before = running.database.commits
        assert steps.seconds(running, steps.fan_out(20)) > 0
        assert running.database.commits - before < 20


def test_the_floor_is_what_bare_sqlite_takes(tmp_path: Path) -> None:
    assert floor.seconds_a_step(tmp_path / "floor.db", 3) > 0


def test_a_history_is_as_many_executions_as_it_says_and_can_be_gone_on_with(tmp_path: Path) -> None:
    url = history.write(tmp_path / "history.db", 50)

    with steps.runtime(url) as running:
        with running.database.read() as on:
            query = "SELECT count(*), count(DISTINCT id) FROM executions WHERE status = 'COMPLETED'"
            assert tuple(on.connection.exec_driver_sql(query).one()) == (50, 50)
        assert steps.seconds(running, steps.chain(1)) > 0


def test_an_event_resumes_the_step_that_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "EVENTS", 2)

    assert durable.resumption(f"sqlite:///{tmp_path}/bud.db")["seconds"] > 0


def test_a_peer_that_cannot_be_measured_is_named_with_the_reason_and_no_figure() -> None:
    ours = {"chain": 1.0, "chain commits": 1.0, "fan-out": 1.0, "fan-out commits": 1.0, "floor": 1.0}
    rows = list(runtime._step_rows(ours, [Peer("DBOS", None, "it does not install")]))

    assert (rows[0].peer, rows[0].ratio, rows[0].verdict) == ("not measured: it does not install", "", "")

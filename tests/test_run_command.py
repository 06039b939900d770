"""`bud run`: a pipeline in this process, as a person and as a script meet it."""

import json
import re
import signal
import sqlite3
from pathlib import Path
from urllib.error import HTTPError

import pytest
from rich.console import Console

from bud_server.runtime.runtime import Runtime
from bud_server.runtime.state import ExecutionState, StepState
from bud_server.runtime.status import StepStatus, Work
from bud_server.settings import Settings
from bud_server.terminal import words
from bud_server.terminal.actions import actions_of
from bud_server.terminal.rows import most_telling, rows_of
from bud_server.terminal.table import drawing
from tests.support.environment import ask
from tests.support.project import bud
from tests.support.server import Server, running, wait_until
from tests.support.terminal import in_terminal, make_acme, read_until, started, write_pipeline

HELLO = str(Path(__file__).parent.parent / "examples/hello.yaml")
TYPED = """parameters:
  - {name: text, required: false}
  - {name: count, type: integer, required: false}
  - {name: share, type: number, required: false}
  - {name: is_on, type: boolean, required: false}
  - {name: names, type: array, required: false}
  - {name: anything, type: json, required: false}
"""


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(make_acme(tmp_path_factory.mktemp("acme")))


def test_the_first_example_runs(tmp_path: Path) -> None:
    done = bud("run", HELLO, "--param", "name=Ada", "--param", "hour=20", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"branch": "late", "greeting": "Good evening, Ada"}
    assert "evening: log: Good evening, Ada" in done.stderr
    assert (tmp_path / "var/bud.db").exists()


def test_without_a_terminal_each_change_is_a_plain_line(tmp_path: Path) -> None:
    done = bud("run", HELLO, cwd=tmp_path)

    said = re.sub(
        r"(in|after) [0-9.]+ m?s", r"\1 TIME", re.sub(r"execution [0-9a-f-]{36}", "execution ID", done.stderr)
    )
    assert said.splitlines() == [
        "Hello: execution ID",
        "choose: running",
        "choose: completed in TIME",
        "evening: skipped: Step 'choose' decided against it",
        "morning: running",
        "morning: log: Good morning, world",
        "morning: completed in TIME",
        "result: running",
        "result: completed in TIME",
        "completed in TIME, execution ID",
    ]


def test_in_a_terminal_the_steps_are_a_table(tmp_path: Path) -> None:
    code, written = in_terminal("run", HELLO, cwd=tmp_path)

    assert code == 0
    for words_of_it in ("Status", "completed", "skipped", "a branch led elsewhere", "4 of 4 steps ended"):
        assert words_of_it in written
    assert written.endswith('"greeting": "Good morning, world"\r\n}\r\n')


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("text=3", "3"),
        ("text=a=b", "a=b"),
        ("count=3", 3),
        ("share=0.5", 0.5),
        ("is_on=true", True),
        ('names=["a", "b"]', ["a", "b"]),
        ("anything=null", None),
        ('anything={"a": [1]}', {"a": [1]}),
    ],
)
def test_a_param_is_read_as_its_type_says(tmp_path: Path, option: str, value: object) -> None:
    name = option.partition("=")[0]
    step = f"{{id: echo, action: set_output, params: {{outputs: {{value: '{{{{ params.{name} }}}}'}}}}}}"
    path = write_pipeline(tmp_path, step, outputs="{value: '{{ steps.echo.outputs.value }}'}", more=TYPED)

    done = bud("run", str(path), "--quiet", "--param", option, cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"value": value}


def test_everything_wrong_is_said_at_once_with_its_place(tmp_path: Path) -> None:
    first, second = "{id: a, action: logg}", "{id: b, action: log, depends_on: [c], params: {level: loud}}"
    path = write_pipeline(tmp_path, first, second, more=TYPED)

    done = bud("run", path.name, "--param", "count=many", "--param", "is_on=yes", cwd=tmp_path)

    assert done.returncode == 1
    assert "pipeline.yaml:10:21: error: Action 'logg' is not registered\n  hint: did you mean 'log'?" in done.stderr
    assert "pipeline.yaml:11:" in done.stderr
    assert "--param count: error: Parameter 'count' must be a whole number, not 'many'" in done.stderr
    assert "--param is_on: error: Parameter 'is_on' must be true or false, not 'yes'" in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "var").exists()


def test_what_is_deprecated_or_renamed_is_said_before_anything_runs(tmp_path: Path) -> None:
    step = "{id: gone, action: deployment_delete, condition: false, params: {deployment_id: e, user_id: ann}}"
    path = write_pipeline(tmp_path, step)

    done = bud("run", path.name, cwd=tmp_path)

    lines = done.stderr.splitlines()
    said = [line for line in lines if " warning: " in line]
    assert [line.partition(" warning: ")[2] for line in said] == [
        "Step 'gone': parameter 'deployment_id' is called 'endpoint_id' now",
        "Step 'gone': parameter 'user_id' is deprecated: Left out; the identity that starts the pipeline counts",
    ]
    begun = next(index for index, line in enumerate(lines) if ": execution " in line)
    assert lines.index(said[-1]) < begun
    assert "  hint: write endpoint_id" in lines[:begun]
    assert all(line.startswith("pipeline.yaml:3:") for line in said)
    with sqlite3.connect(tmp_path / "var/bud.db") as database:
        (document,) = database.execute("select document from plans").fetchone()
    assert [each["code"] for each in json.loads(document)["warnings"]] == ["renamed_param", "deprecated_param"]


def test_problems_as_json(tmp_path: Path) -> None:
    done = bud("run", str(write_pipeline(tmp_path, "{id: a, action: logg}")), "--json", cwd=tmp_path)

    found = json.loads(done.stdout)
    assert (done.returncode, found["status"]) == (1, "INVALID")
    assert [(each["code"], each["line"], each["column"]) for each in found["problems"]] == [("unknown_action", 3, 21)]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nowhere.yaml"], 2, "nowhere.yaml cannot be read: No such file or directory"),
        ([HELLO, "--param", "name"], 2, "must be NAME=VALUE"),
        ([HELLO, "--param", "name=a", "--param", "name=b"], 2, "--param name is given twice"),
        ([HELLO, "--params", "nowhere.json"], 2, "nowhere.json cannot be read"),
        ([HELLO, "--params", HELLO], 1, "This is not JSON"),
        ([HELLO, "--database", "nonsense"], 1, "the database must be a URL"),
        ([HELLO, "--root", "/nowhere"], 1, "/nowhere is not a folder"),
        ([HELLO, "--root", "."], 1, "run bud generate"),
    ],
)
def test_what_cannot_begin_says_why(tmp_path: Path, arguments: list[str], code: int, said: str) -> None:
    done = bud("run", *arguments, cwd=tmp_path)

    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr


def test_options_win_over_the_file_of_params(tmp_path: Path) -> None:
    (tmp_path / "params.json").write_text('{"name": "Ada", "hour": 20}')

    done = bud("run", HELLO, "--params", "params.json", "--param", "hour=8", cwd=tmp_path)

    assert json.loads(done.stdout)["greeting"] == "Good morning, Ada"


def test_a_failure_names_the_step_its_place_and_the_mend(tmp_path: Path, acme: str) -> None:
    path = write_pipeline(tmp_path, "{id: wheel, action: boom, params: {person: Ada}}")

    done = bud("run", path.name, "--root", acme, "--json", cwd=tmp_path)

    assert done.returncode == 1
    message = "Step 'wheel' failed: RuntimeError: the  [31mwheel [0m came off"
    assert f"pipeline.yaml:3:5: error: {message}\n  hint: mend what it names" in done.stderr
    assert "wheel: | Traceback (most recent call last):" in done.stderr
    assert "\x1b" not in done.stderr
    found = json.loads(done.stdout)
    assert (found["status"], found["error"]["step"], found["outputs"]) == ("FAILED", "wheel", None)
    assert found["steps"]["wheel"]["error"]["code"] == "failed"


def test_what_executors_print_is_not_in_the_result(tmp_path: Path, acme: str) -> None:
    path = write_pipeline(tmp_path, "{id: nap, action: nap, params: {person: '0'}}")

    done = bud("run", path.name, "--root", acme, cwd=tmp_path)

    assert json.loads(done.stdout) == {}
    assert "printed by an executor" in done.stderr
    assert "nap: 25 %" in done.stderr


def test_a_secret_is_masked_wherever_it_would_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUD_SECRET_KEY", bud("secret-key").stdout.strip())
    path = write_pipeline(
        tmp_path,
        "{id: say, action: log, params: {message: 'it is {{ params.token }}'}}",
        outputs="{said: '{{ steps.say.outputs.message }}', token: '{{ params.token }}'}",
        more="parameters:\n  - {name: token, secret: true}\n",
    )

    done = bud("run", path.name, "--param", "token=hunter2hunter2", "--json", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert "hunter2" not in done.stdout + done.stderr
    assert json.loads(done.stdout)["outputs"] == {"said": "********", "token": "********"}
    assert b"hunter2" not in (tmp_path / "var/bud.db").read_bytes()


def test_a_secret_without_a_key_is_refused_with_the_mend(tmp_path: Path) -> None:
    path = write_pipeline(tmp_path, "{id: say, action: log}", more="parameters:\n  - {name: token, secret: true}\n")

    done = bud("run", path.name, "--param", "token=hunter2hunter2", cwd=tmp_path)

    assert done.returncode == 1
    assert "set secret_key (BUD_SECRET_KEY) to what bud secret-key prints" in done.stderr
    assert "hunter2" not in done.stderr


def test_ctrl_c_cancels_and_cleans_up(tmp_path: Path, acme: str) -> None:
    path = write_pipeline(tmp_path, "{id: nap, action: nap, params: {person: '600'}}")
    with started("run", path.name, "--root", acme, cwd=tmp_path) as process:
        assert process.stderr is not None
        read_until(process.stderr, "begun")
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()

    assert process.returncode == 130
    assert "Ctrl-C again" in said
    assert "nap: log: cleaned up" in said
    assert "nap: cancelled" in said
    assert said.splitlines()[-1].startswith("cancelled after")


def test_a_second_ctrl_c_leaves_the_rest_to_be_taken_up_later(tmp_path: Path, acme: str) -> None:
    path = write_pipeline(tmp_path, "{id: stubborn, action: stubborn, params: {person: Ada}}")
    with started("run", path.name, "--root", acme, cwd=tmp_path) as process:
        assert process.stderr is not None
        read_until(process.stderr, "begun")
        process.send_signal(signal.SIGINT)
        read_until(process.stderr, "stopping")
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()

    assert process.returncode == 130
    assert "left as it is" in said
    assert "bud worker, bud serve or another bud run on the same database takes it up" in said
    assert status_of(tmp_path) == "RUNNING"


def test_no_wait_ends_when_only_an_event_is_waited_for(tmp_path: Path, acme: str) -> None:
    path = write_pipeline(tmp_path, "{id: ask, action: ask, params: {person: run-42}}")

    done = bud("run", path.name, "--root", acme, "--no-wait", "--json", cwd=tmp_path)

    assert done.returncode == 0
    assert "ask: waiting for run-42 until " in done.stderr
    assert done.stderr.splitlines()[-1].startswith("waiting after")
    found = json.loads(done.stdout)
    assert (found["status"], found["steps"]["ask"]["waits_for"]) == ("RUNNING", ["run-42"])


_HINT = """curl http://127.0.0.1:8010/events -H 'content-type: application/json' -d '{"workflow_id": "run-42"}'"""


def test_a_waiting_run_says_how_to_deliver_the_event_and_goes_on_after_it(tmp_path: Path, acme: str) -> None:
    path = write_pipeline(
        tmp_path, "{id: ask, action: ask, params: {person: run-42}}", outputs="{said: '{{ steps.ask.outputs.text }}'}"
    )
    with started("run", path.name, "--root", acme, cwd=tmp_path) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        said = read_until(process.stderr, "curl")
        assert "ask waits for an event whose workflow_id is run-42" in said
        assert _HINT in said
        with running("--no-worker", "--database", f"sqlite:///{tmp_path}/var/bud.db") as server:
            wait_until(lambda: is_ready(server))
            assert ask(f"{server.url}/events", {"workflow_id": "run-42", "answer": "yes"})["state"] == "matched"
            result = process.stdout.read()

    assert process.returncode == 0
    assert json.loads(result) == {"said": "yes"}


def is_ready(server: Server) -> bool:
    try:
        server.get("/ready")
    except HTTPError:
        return False
    return True


def test_a_run_sees_what_another_process_does_to_the_execution(tmp_path: Path) -> None:
    path = write_pipeline(tmp_path, "{id: wait, action: delay, params: {duration_seconds: 3600}}")
    with started("run", path.name, cwd=tmp_path) as process:
        assert process.stderr is not None
        said = read_until(process.stderr, "wait: waiting until")
        actions = actions_of(None, allow_broken=False)
        settings = Settings(database=f"sqlite:///{tmp_path}/var/bud.db")
        with Runtime(settings, lambda: actions.catalog, actions.executor_of, has_worker=False) as runtime:
            execution_id = re.findall(r"execution ([0-9a-f-]{36})", said)[0]
            runtime.executions.cancel(execution_id, "Ada").result()
        said = process.stderr.read()

    assert process.returncode == 1
    assert "wait: cancelled" in said
    assert said.splitlines()[-1].startswith("cancelled after")


def test_an_execution_that_was_left_is_taken_up_by_the_next_run(tmp_path: Path) -> None:
    path = write_pipeline(tmp_path, "{id: wait, action: delay, params: {duration_seconds: 1}}")
    assert bud("run", path.name, "--no-wait", cwd=tmp_path).returncode == 0
    waiting = write_pipeline(tmp_path, "{id: wait, action: delay, params: {duration_seconds: 3}}")

    assert bud("run", waiting.name, cwd=tmp_path).returncode == 0

    wait_until(lambda: statuses(tmp_path) == ["COMPLETED", "COMPLETED"])


def status_of(folder: Path) -> str:
    (status,) = statuses(folder)
    return status


def statuses(folder: Path) -> list[str]:
    with sqlite3.connect(folder / "var/bud.db", timeout=30) as connection:
        return [status for (status,) in connection.execute("SELECT status FROM executions ORDER BY id")]


NOW = 1_800_000_000.0
STATE = ExecutionState(
    "x",
    steps={
        "done": StepState(StepStatus.COMPLETED, attempt=1, started_at=NOW - 75, ended_at=NOW - 70.2),
        "training-with-quite-a-long-name-for-a-step": StepState(
            StepStatus.RUNNING,
            is_active=True,
            work=Work.EXECUTE,
            attempt=2,
            started_at=NOW - 65,
            progress={"current": 41, "total": 100, "category": "epochs"},
        ),
        "approve": StepState(StepStatus.WAITING, is_active=True, started_at=NOW - 12, keys=("run-42", "callback:x")),
        "wheel": StepState(
            StepStatus.FAILED, started_at=NOW - 1, ended_at=NOW - 0.6, error={"message": "[b]off\x1b[0m"}
        ),
        "later": StepState(),
    },
)


@pytest.mark.parametrize("is_ascii", [False, True])
def test_the_table_is_aligned_and_says_everything_in_words(is_ascii: bool) -> None:
    console = Console(width=80, no_color=True)
    with console.capture() as capture:
        console.print(drawing(rows_of(STATE, {}, NOW), 80, 20, 0, is_ascii))

    lines = [line.rstrip() for line in capture.get().splitlines()]
    assert [line[2:] for line in lines[1:-1]] == [
        "completed  done                     4.8 s",
        "running    training-with-quite…  1 m 05 s  attempt 2  41 % epochs",
        "waiting    approve                   12 s  for run-42",
        "failed     wheel                   400 ms  [b]off [0m",
        "pending    later",
    ]
    assert lines[-1] == "2 of 5 steps ended, 1 running, 1 waiting"


def test_what_does_not_fit_is_counted_and_what_failed_or_runs_is_shown() -> None:
    shown = most_telling(rows_of(STATE, {}, NOW), 3)

    assert [row.status for row in shown] == ["running", "waiting", "failed"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0004, "0 ms"), (0.5, "500 ms"), (1.44, "1.4 s"), (9.96, "10 s"), (65, "1 m 05 s"), (7800, "2 h 10 m")],
)
def test_a_span_of_time_reads_well(seconds: float, text: str) -> None:
    assert words.span(seconds) == text

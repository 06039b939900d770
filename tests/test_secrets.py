"""Secrets: kept encrypted, told to executors only, and seen nowhere else in any form."""

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from starlette.testclient import TestClient

from bud_server.runtime.executors.call import MOST_MESSAGE, shortened
from bud_server.runtime.found import Found
from bud_server.runtime.secrets import Secrets
from tests.support.api import KEY, WAYS, dag, ended, run, serving, settings_in, step, until

CORE = "K4N4RYk4n4ry"
TOKEN = f"{CORE}'\"<é\n&\\ /"
OTHER_KEY = Fernet.generate_key().decode()
STARS = "********"
SECRET_TOKEN = [{"name": "token", "type": "json", "secret": True}]
SECRET = [{"name": "token", "secret": True}]
LOOKS = ("", "/progress", "/steps", "/steps/a", "/events?limit=1000", "/attempts", "/stream")
TRACES = (
    CORE,
    CORE.lower(),
    CORE.upper(),
    *(b64encode(before + CORE.encode()).decode()[4:12] for before in (b"", b"u", b"us")),
)
"""What is left of the token in any form: of base64, the middle, however it is aligned."""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with serving(settings_in(tmp_path_factory.mktemp("api"))) as found:
        yield found


def looks(client: TestClient, execution_id: str) -> str:
    """Return everything that is answered about an execution that has ended."""
    return "\n".join(client.get(f"/executions/{execution_id}{path}").text for path in LOOKS)


def written(folder: Path) -> str:
    """Return every byte of a folder's files."""
    return "\n".join(path.read_bytes().decode("latin-1") for path in folder.iterdir())


def assert_untold(text: str) -> None:
    assert not [trace for trace in TRACES if trace in text]


@pytest.mark.parametrize("how", ["succeed", "fail", "raise", "choke", "refuse"])
def test_no_form_of_a_secret_is_kept_or_shown(tmp_path: Path, capfd: pytest.CaptureFixture[str], how: str) -> None:
    answers = []
    outputs = {"told": "{{ steps.a.outputs.value }}"}
    with serving(settings_in(tmp_path)) as client:
        for way in WAYS:
            sent = step("a", "leak", token="{{ params.token }}", way=way, how=how)
            ran = run(client, sent, params={"token": TOKEN}, parameters=SECRET_TOKEN, outputs=outputs)
            assert ran["status"] == ("completed" if how == "succeed" else "failed")
            answers += [str(ran), looks(client, ran["execution_id"])]
            if how != "succeed":
                again = client.post(f"/executions/{ran['execution_id']}/retry", json={"params": {"token": TOKEN * 2}})
                assert again.status_code == 202
                ended(client, ran["execution_id"])
                answers += [again.text, looks(client, ran["execution_id"])]
        assert_untold(written(tmp_path))

    assert_untold("\n".join(answers))
    assert_untold(written(tmp_path) + "".join(capfd.readouterr()))


@pytest.mark.parametrize(
    "made",
    ["upper", "lower", "tojson", "join('-')", "sort | join", "length"],
)
def test_what_expressions_make_of_a_secret_is_secret(client: TestClient, made: str) -> None:
    text = f"{{{{ params.token | {made} | string }}}}"
    steps = step("a", text=text), step("b", "echo", "a", text="{{ steps.a.outputs.text ~ '!' }}")
    outputs = {"direct": text, "passed on": "{{ steps.b.outputs.text }}", "same": "{{ params.token | length == 12 }}"}
    ran = run(client, *steps, params={"token": CORE}, parameters=SECRET_TOKEN, outputs=outputs)

    assert ran["outputs"] == {"direct": STARS, "passed on": STARS, "same": True}
    found = client.get(f"/executions/{ran['execution_id']}/steps").json()["steps"]
    assert [each["outputs"]["text"] for each in found] == [STARS, STARS]
    logged = client.get(f"/executions/{ran['execution_id']}/events?event_type=log").json()["events"]
    assert [each["event_details"]["data"] for each in logged] == [{"text": STARS}] * 2
    assert_untold(looks(client, ran["execution_id"]))


def test_what_only_lies_beside_a_secret_is_shown(client: TestClient) -> None:
    beside = "{{ steps.a.outputs.value.plain }}"
    steps = step("a", "leak", token="{{ params.token }}", way="beside"), step("b", "echo", "a", text=beside)
    ran = run(client, *steps, params={"token": TOKEN}, parameters=SECRET_TOKEN)

    found = client.get(f"/executions/{ran['execution_id']}/steps").json()["steps"]
    assert found[0]["outputs"]["value"] == {"secret": STARS, "plain": "in sight"}
    assert found[1]["outputs"]["text"] == "in sight"


@pytest.mark.parametrize("token", [770011220033, 12.5, True, {"user": CORE, "pin": 4711}, [CORE, 4711]])
def test_a_secret_may_be_any_json(tmp_path: Path, token: Any) -> None:
    with serving(settings_in(tmp_path)) as client:
        parameters = [{**SECRET_TOKEN[0], "default": token}]
        outputs = {"value": "{{ steps.a.outputs.value }}", "same": "{{ params.token == steps.a.outputs.value }}"}
        made = client.post(
            "/pipelines", json={"dag": dag(step("a", "leak", token=token), parameters=parameters, outputs=outputs)}
        ).json()
        saved = client.post("/executions", json={"workflow_id": made["id"]}).json()
        passing = step("a", "leak", token="{{ params.token }}")
        given = run(client, passing, params={"token": token}, parameters=SECRET_TOKEN, outputs=outputs)
        shown = client.get(f"/executions/{given['execution_id']}").json()

    assert made["dag"]["steps"][0]["params"] == {"token": STARS}
    assert made["dag"]["parameters"][0]["default"] == STARS
    assert saved["params"] == given["params"] == shown["pipeline_definition"]["params"] == {"token": STARS}
    assert saved["outputs"]["same"] is given["outputs"]["same"] is True
    for needle in (CORE, "770011220033", "4711", '"user"'):
        assert needle not in written(tmp_path) + str([made, saved, given, shown])


def test_a_message_is_not_cut_within_a_secret() -> None:
    found = Found()
    found.add(TOKEN)
    for length in range(MOST_MESSAGE - 2 * len(TOKEN), MOST_MESSAGE + 1):
        text = f"{'x ' * (length // 2)}{CORE}{'y' * MOST_MESSAGE}"
        assert CORE[:4] not in found.mask(shortened(text))[-100:]


def test_a_short_secret_is_hidden_where_it_stands_alone(client: TestClient) -> None:
    shown = []
    for way in ("as it is", "inside"):
        ran = run(client, step("a", "leak", token="abc", way=way))
        shown.append(client.get(f"/executions/{ran['execution_id']}/steps/a").json()["outputs"]["value"])

    assert shown == [STARS, {"headers": ["Bearer abc"]}]


def test_an_id_that_events_name_holds_no_secret(tmp_path: Path) -> None:
    with serving(settings_in(tmp_path)) as client:
        ran = run(client, step("a", "listen", key="run-{{ params.token }}"), params={"token": CORE}, parameters=SECRET)
        step_document = client.get(f"/executions/{ran['execution_id']}/steps/a").json()
        assert_untold(looks(client, ran["execution_id"]) + written(tmp_path))

    assert step_document["status"] == "FAILED"
    assert step_document["error_info"]["code"] == "outputs"
    assert "may hold no secret value" in step_document["error_message"]


def test_an_output_is_not_named_by_a_secret(client: TestClient) -> None:
    sent = step("a", "leak", token="{{ params.token }}", how="name")
    ran = run(client, sent, params={"token": CORE}, parameters=SECRET)

    assert ran["status"] == "failed"
    assert "the name of an output holds a secret value" in ran["error"]
    assert_untold(looks(client, ran["execution_id"]))


def test_the_progress_of_an_event_tells_no_secret(client: TestClient) -> None:
    ran = run(client, step("a", "listen", key="secret progress"), params={"token": 40}, parameters=SECRET_TOKEN)
    client.post("/events", json={"workflow_id": "secret progress"})
    address = f"/executions/{ran['execution_id']}/events?event_type=event_ignored"
    seen = until(lambda: client.get(address).json(), lambda found: bool(found["events"]))

    told = [each["event_details"]["progress"] for each in seen["events"]]
    assert [each["current"] for each in told if each is not None] == [STARS]


def test_a_condition_sees_what_a_secret_is(client: TestClient) -> None:
    conditions = {
        "equal": "{{ params.token == 'abcdef' }}",
        "long": "{{ params.token | length == 6 }}",
        "unequal": "{{ params.token != 'abcdef' }}",
    }
    first = step("a", "leak", token="{{ params.token }}")
    steps = [{**step(name, "echo", "a"), "condition": condition} for name, condition in conditions.items()]
    passed = {**step("passed", "echo", "a"), "condition": "{{ steps.a.outputs.value == 'abcdef' }}"}
    ran = run(client, first, *steps, passed, params={"token": "abcdef"}, parameters=SECRET)

    found = client.get(f"/executions/{ran['execution_id']}/steps").json()["steps"]
    assert [each["status"] for each in found] == ["COMPLETED", "COMPLETED", "COMPLETED", "SKIPPED", "COMPLETED"]


def test_an_output_is_made_of_the_plain_secret_and_sealed_again(client: TestClient) -> None:
    outputs = {"mixed": "Bearer {{ params.token }}", "listed": ["{{ params.token | lower }}"], "plain": "in sight"}
    ran = run(client, step("a"), params={"token": CORE}, parameters=SECRET, outputs=outputs)

    assert ran["outputs"] == {"mixed": STARS, "listed": [STARS], "plain": "in sight"}


@pytest.mark.parametrize(
    ("members", "where", "code"),
    [
        ({"condition": "{{ params.token + 1 }}"}, "/steps/a", "condition"),
        ({"condition": "{{ {'a': 1}[params.token] }}"}, "/steps/a", "condition"),
        ({"params": {"size": "{{ params.token + 1 }}"}}, "/steps/a", "params"),
    ],
)
def test_an_expression_that_fails_on_a_secret_does_not_tell_it(
    client: TestClient, members: dict[str, Any], where: str, code: str
) -> None:
    ran = run(client, {**step("a"), **members}, params={"token": TOKEN}, parameters=SECRET)

    error = client.get(f"/executions/{ran['execution_id']}{where}").json()["error_info"]
    assert error["code"] == code
    assert_untold(looks(client, ran["execution_id"]))


@pytest.mark.parametrize(("key", "status"), [(KEY, "COMPLETED"), (OTHER_KEY, "FAILED")], ids=["same", "other"])
def test_a_secret_survives_a_restart_but_no_other_key(tmp_path: Path, key: str, status: str) -> None:
    after = {**step("a", "echo", "wait"), "condition": "{{ params.token == 'abcdef' }}"}
    with serving(settings_in(tmp_path)) as client:
        sent = run(client, step("wait", "listen", key="restart"), after, params={"token": "abcdef"}, parameters=SECRET)
    execution = sent["execution_id"]
    with serving(settings_in(tmp_path, secret_key=key)) as client:
        client.post("/events", json={"workflow_id": "restart", "answer": 1})
        assert ended(client, execution)["status"] == status
        if status == "FAILED":
            assert "another secret_key" in client.get(f"/executions/{execution}").json()["error_info"]["message"]


@pytest.mark.parametrize("number", [10**400, float("inf"), 1e22, -0.0])
def test_any_number_can_be_looked_at(number: float) -> None:
    found = Found()
    found.add([number, "abcd"])

    assert found.is_in(number)
    assert not found.is_in(7)


def test_a_secret_without_texts_is_hidden_as_a_whole() -> None:
    found = Found()
    found.add({"is_root": True})

    assert found.masked({"told": [{"is_root": True}, True]}) == {"told": [STARS, True]}


def test_only_the_secrets_that_are_there_are_looked_for() -> None:
    found = Found()
    Secrets(KEY).open(Secrets(KEY).seal({"name": "abcd", "size": 5}), found)

    assert [found.is_in(each) for each in ("abcd", "xabcdx", 5, 5.0, "5", "name", "55", True, None)] == [
        *[True] * 5,
        *[False] * 4,
    ]

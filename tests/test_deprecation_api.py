"""What is deprecated over HTTP: warned of wherever it is looked at, named in headers, refused past its sunset."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from bud_server.app import create_app
from bud_server.catalog.holder import CatalogHolder
from bud_server.catalog.lifecycle import MOST_LINKS, Notice, lifecycle_headers
from bud_server.settings import Settings
from tests.support.aging import SUNSET, Aging, aging, aging_catalog
from tests.support.api import dag, step

AFTER = date(2028, 1, 1)
ADDRESS = "https://docs.example.com/%C3%A9?a=b"
HEADERS = {
    "deprecation": "@1782777600",
    "sunset": "Wed, 30 Jun 2027 00:00:00 GMT",
    "link": f'<{ADDRESS}>; rel="deprecation", <{ADDRESS}>; rel="sunset"',
}
PIPELINES: dict[str, tuple[dict[str, Any], ...]] = {
    "action": (step("a", "dispatch"),),
    "param": (step("a", "send", size=3),),
    "output": (step("a", "send"), step("b", "send", "a", text="{{ steps.a.outputs.code }}.")),
}
SAID = {
    "action": ("/steps/0/action", "Step 'a': action 'dispatch' is deprecated: Use send", "use send"),
    "param": ("/steps/0/params/size", "Step 'a': parameter 'size' is deprecated: Left out", "use text"),
    "output": ("/steps/1/params/text", "Output 'code' of step 'a' is deprecated: Use text", "use text"),
}
SUNSETS = {"action": SUNSET, "param": date(2027, 1, 1), "output": date(2027, 2, 1)}
KINDS = list(PIPELINES)


@pytest.fixture(scope="module")
def server(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aging]:
    with aging(tmp_path_factory.mktemp("aging"), database=database) as found:
        yield found


def lifecycle(answer: Any) -> dict[str, str]:
    """Return the headers of an answer that are about what is deprecated."""
    return {name: answer.headers[name] for name in HEADERS if name in answer.headers}


def codes(answer: Any) -> list[str]:
    return [each["code"] for each in answer.json()["warnings"]]


# --- warnings ---


@pytest.mark.parametrize("kind", KINDS)
def test_whoever_looks_at_a_pipeline_is_warned(server: Aging, kind: str) -> None:
    body = {"dag": dag(*PIPELINES[kind], name=f"warned {kind}")}
    made = server.client.post("/pipelines", json=body)
    address = f"/pipelines/{made.json()['id']}"
    answers = [made, server.client.get(address), server.client.put(address, json=body)]
    pointer, message, hint = SAID[kind]

    assert [answer.status_code for answer in answers] == [201, 200, 200]
    for answer in answers:
        (warning,) = answer.json()["warnings"]
        assert warning == {
            "code": f"deprecated_{kind}",
            "pointer": pointer,
            "message": message,
            "severity": "warning",
            "hint": f"{hint}; from {SUNSETS[kind]} on, saving a pipeline with it is refused",
        }
    listed = server.client.get("/pipelines", params={"name": f"warned {kind}"}).json()
    assert "warnings" not in listed[0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("prefix", ["", "/api/v1", "/budpipeline", "/api/v1/pipeline"])
def test_a_check_warns_before_the_sunset_and_refuses_from_its_day_on(server: Aging, prefix: str, kind: str) -> None:
    body = {"dag": dag(*PIPELINES[kind])}
    before = server.client.post(f"{prefix}/validate", json=body).json()
    with server.on(SUNSETS[kind]) as client:
        after = client.post(f"{prefix}/validate", json=body).json()

    assert (before["valid"], [each["code"] for each in before["problems"]]) == (True, [f"deprecated_{kind}"])
    assert len(before["warnings"]) == 1
    assert (after["valid"], [each["code"] for each in after["problems"]]) == (False, [f"sunset_{kind}"])
    assert SAID[kind][2] in after["errors"][0]


def test_a_definition_without_anything_deprecated_has_no_warnings_and_no_headers(server: Aging) -> None:
    made = server.client.post("/pipelines", json={"dag": dag(step("a", "send", text="hi"), name="young")})
    ran = server.client.post("/executions", json={"workflow_id": made.json()["id"]})
    seen = server.client.get(f"/executions/{ran.json()['execution_id']}")

    assert made.json()["warnings"] == seen.json()["warnings"] == []
    assert lifecycle(made) == lifecycle(ran) == {}


@pytest.mark.parametrize("size", [None, ""])
def test_a_param_that_is_left_empty_is_not_given(server: Aging, size: object) -> None:
    found = server.client.post("/validate", json={"dag": dag(step("a", "send", size=size))}).json()

    assert found["problems"] == []


@pytest.mark.parametrize(
    "text", ["{{ steps.a.outputs['code'] }}", "{{ steps.a.outputs.code | default(1) }}", "{{ steps.a.outputs.code }}"]
)
def test_every_way_to_read_an_output_counts(server: Aging, text: str) -> None:
    reader = {**step("b", "send", "a"), "condition": "{{ steps.a.outputs.code == 7 }}"}
    pipeline = dag(step("a", "send"), reader, outputs={"x": [text]})
    found = server.client.post("/validate", json={"dag": pipeline}).json()

    pointers = [(each["code"], each["pointer"]) for each in found["problems"]]
    assert pointers == [("deprecated_output", "/outputs/x/0"), ("deprecated_output", "/steps/1/condition")]


def test_a_deprecated_output_is_still_held_to_the_type_of_the_param(server: Aging) -> None:
    pipeline = dag(step("a", "send"), step("b", "send", "a", text="{{ steps.a.outputs.code }}"))
    found = server.client.post("/validate", json={"dag": pipeline}).json()

    assert sorted(each["code"] for each in found["problems"]) == ["deprecated_output", "mismatch"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_execution_keeps_the_warnings_of_its_start(server: Aging, kind: str) -> None:
    made = server.client.post("/pipelines", json={"dag": dag(*PIPELINES[kind], name=f"kept {kind}")}).json()
    ran = server.client.post("/executions", json={"workflow_id": made["id"]}).json()
    former = server.holder.current
    server.holder.current = aging_catalog(
        dispatch="type: dispatch\nname: Dispatch\n",
        send="type: send\nname: Send\nparams:\n  - {name: text, label: T, type: string, default: ''}\n"
        "  - {name: size, label: S, type: number}\noutputs:\n  - {name: code, type: number}\n",
    )
    try:
        seen = server.client.get(f"/executions/{ran['execution_id']}").json()
        progress = server.client.get(f"/executions/{ran['execution_id']}/progress").json()
        pipeline = server.client.get(f"/pipelines/{made['id']}").json()
    finally:
        server.holder.current = former
    listed = server.client.get("/executions").json()["executions"]

    assert ran["status"] == "completed"
    assert seen["warnings"] == progress["execution"]["warnings"] == made["warnings"]
    assert pipeline["warnings"] == []
    assert "warnings" not in listed[0]


def test_warnings_tell_nothing_of_what_is_inside_a_secret(server: Aging) -> None:
    token = {"hush-hush": "{{ steps.a.outputs.code }}"}
    body = {"dag": dag(step("a", "send"), step("b", "send", "a", token=token), name="hush")}
    made = server.client.post("/pipelines", json=body).json()
    for path, asked in (
        ("/executions", {"workflow_id": made["id"]}),
        ("/executions/run", {"pipeline_definition": body["dag"]}),
    ):
        ran = server.client.post(path, json=asked).json()
        seen = server.client.get(f"/executions/{ran['execution_id']}")
        assert [each["pointer"] for each in seen.json()["warnings"]] == ["/steps/1/params/token"]
        assert "hush-hush" not in seen.text
    assert "hush-hush" not in server.client.get(f"/pipelines/{made['id']}").text


# --- sunsets ---


@pytest.mark.parametrize("kind", KINDS)
def test_past_its_sunset_a_save_is_refused_and_what_is_stored_runs_on(server: Aging, kind: str) -> None:
    name = f"sunset {kind}"
    body = {"dag": dag(*PIPELINES[kind], name=name)}
    made = server.client.post("/pipelines", json=body).json()
    with server.on(SUNSETS[kind]) as client:
        refusals = [
            client.post("/pipelines", json={**body, "name": f"{name} anew"}),
            client.put(f"/pipelines/{made['id']}", json=body),
        ]
        kept = client.get(f"/pipelines/{made['id']}")
        stored = client.post("/executions", json={"workflow_id": made["id"]})
        unsaved = client.post("/executions/run", json={"pipeline_definition": body["dag"]})
        seen = [client.get(f"/executions/{each.json()['execution_id']}") for each in (stored, unsaved)]

    for refused in refusals:
        assert refused.status_code == 400
        (problem,) = refused.json()["problems"]
        assert (problem["code"], problem["severity"]) == (f"sunset_{kind}", "error")
        assert (problem["pointer"], problem["hint"]) == (SAID[kind][0], SAID[kind][2])
        assert f"is refused since {SUNSETS[kind]}" in refused.json()["detail"]
    assert kept.json()["version"] == "1"
    assert [each.json()["status"] for each in (stored, unsaved)] == ["completed", "completed"]
    for answer in (kept, *seen):
        assert codes(answer) == [f"deprecated_{kind}"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_day_before_its_sunset_a_save_is_accepted(server: Aging, kind: str) -> None:
    with server.on(SUNSETS[kind] - timedelta(days=1)) as client:
        made = client.post("/pipelines", json={"dag": dag(*PIPELINES[kind], name=f"just in time {kind}")})

    assert made.status_code == 201


def test_what_has_no_sunset_is_never_refused(server: Aging) -> None:
    with server.on(AFTER) as client:
        made = client.post("/pipelines", json={"dag": dag(step("a", "fade"), name="fading")})

    assert (made.status_code, codes(made)) == (201, ["deprecated_action"])
    assert (made.json()["warnings"][0]["hint"], lifecycle(made)) == (None, {"deprecation": "true"})


def test_a_draft_is_kept_whatever_the_day(server: Aging) -> None:
    with server.on(AFTER) as client:
        made = client.post("/pipelines", json={"dag": {}, "name": "draft"})

    assert (made.status_code, made.json()["warnings"]) == (201, [])


# --- headers ---


@pytest.mark.parametrize("prefix", ["", "/api/v1", "/budpipeline"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_action_says_in_headers_that_it_is_deprecated(server: Aging, prefix: str, method: str) -> None:
    address = f"{prefix}/actions/dispatch"
    whole = server.client.request(method, address)
    known = server.client.request(method, address, headers={"if-none-match": whole.headers["etag"]})

    assert (whole.status_code, known.status_code) == (200, 304)
    assert lifecycle(whole) == lifecycle(known) == HEADERS
    assert lifecycle(server.client.request(method, f"{prefix}/actions/fade")) == {"deprecation": "true"}
    for path in (f"{prefix}/actions", f"{prefix}/actions/send"):
        assert lifecycle(server.client.request(method, path)) == {}


def test_saving_and_starting_say_it_in_headers(server: Aging) -> None:
    body = {"dag": dag(step("a", "dispatch"), name="in headers")}
    made = server.client.post("/pipelines", json=body)
    address = f"/pipelines/{made.json()['id']}"
    given: dict[str, Any] = {"workflow_id": made.json()["id"]}
    answers = [
        made,
        server.client.put(address, json=body),
        server.client.get(address),
        server.client.post("/executions", json=given),
        server.client.post("/executions", json=given, headers={"Prefer": "respond-async"}),
        server.client.post(f"{address}/execute"),
        server.client.post("/executions/run", json={"pipeline_definition": body["dag"]}),
        server.client.post("/actions/dispatch/execute", json={"params": {}}),
    ]

    assert [lifecycle(answer) for answer in answers] == [HEADERS] * len(answers)
    assert answers[4].headers["preference-applied"] == "respond-async"


def test_of_several_things_the_earliest_days_count(server: Aging) -> None:
    steps = [step("a", "dispatch"), step("b", "send", size=3), step("c", "fade")]
    made = server.client.post("/pipelines", json={"dag": dag(*steps, name="several")})

    assert lifecycle(made) == {
        **HEADERS,
        "deprecation": "@1772323200",  # 2026-03-01
        "sunset": "Fri, 01 Jan 2027 00:00:00 GMT",
    }


def test_pages_of_other_origins_may_read_the_headers() -> None:
    settings = Settings(cors_origins=("https://admin.example.com",), strict=True)
    with TestClient(create_app(CatalogHolder(aging_catalog()), settings)) as client:
        answer = client.get("/actions/dispatch", headers={"origin": "https://admin.example.com"})

    exposed = {each.strip() for each in answer.headers["access-control-expose-headers"].split(",")}
    assert {"Deprecation", "Sunset", "Link"} <= exposed


def test_many_addresses_do_not_make_a_long_header() -> None:
    notices = [Notice(None, None, f"https://docs.example.com/{number}") for number in range(100)]

    assert lifecycle_headers(notices)["Link"].count("rel=") == MOST_LINKS


def test_a_day_that_no_calendar_has_is_not_told() -> None:
    assert lifecycle_headers([Notice("2026-02-31", "2027-02-31", None)]) == {"Deprecation": "true"}


# --- metadata and pages ---


def test_both_spellings_of_the_metadata_say_what_is_deprecated(server: Aging) -> None:
    deprecated = {
        "since": "1.4.0",
        "message": "Use send.",
        "date": "2026-06-30",
        "replacement": "send",
        "sunset": "2027-06-30",
    }
    for prefix in ("/actions", "/budpipeline/actions"):
        assert server.client.get(f"{prefix}/dispatch").json()["deprecated"] == deprecated
        action = server.client.get(f"{prefix}/send").json()
        assert action["deprecated"] is None
        assert action["params"][2]["deprecated"]["sunset"] == "2027-01-01"
        assert action["outputs"][1]["deprecated"]["replacement"] == "text"


def test_the_pages_say_what_is_deprecated(server: Aging) -> None:
    index, page = server.client.get("/docs").text, server.client.get("/docs/dispatch").text

    assert index.count(">deprecated<") == 2
    assert "Deprecated since 1.4.0:</strong> Use send. Refused from 2027-06-30." in page
    assert "Refused from 2027-01-01." in server.client.get("/docs/send").text

"""Actions of the folder integration."""

from collections.abc import Mapping
from typing import Any

from tests.contract.table import USER, WEB, Exchange, Row

IDS = {"execution_id": "e", "step_id": "s"}
METADATA = {"_workflow_metadata": IDS}
JSON = {"content-type": "application/json"}
NO_ANSWER: Mapping[str, Any] = {"status_code": 0, "body": None, "headers": {}}
UNANSWERED: Mapping[str, Any] = {"success": False, "status_code": 0, "response": None}
INSIDE = (
    "127.0.0.2:1 is refused: it leads to an address that is not public: loopback; "
    "if pipelines may ask it, add '127.0.0.2' to the setting allowed_hosts (BUD_ALLOWED_HOSTS)"
)


def web(method: str = "GET", path: str = "items", **others: Any) -> Exchange:
    return Exchange(service="web", method=method, path=path, **others)


def told(**content: Any) -> dict[str, Any]:
    """Return a notification as budnotify reads it, with a content that differs so from the usual one."""
    given = {"title": "Workflow Notification", "message": "ready", "status": "COMPLETED", "tag": "info"} | content
    result = {"notification_id": "e-s", "channel": "slack", "severity": "info", "metadata": {}}
    return {
        "type": "notification",
        "notification_type": "event",
        "name": "bud-notification",
        "subscriber_ids": [USER],
        "payload": {
            "category": "internal",
            "type": "pipeline_notification",
            "event": "s",
            "workflow_id": "e",
            "source": "budpipeline",
            "content": {"result": result, **given},
        },
        "source": "budpipeline",
    }


def publishing(body: Any, **others: Any) -> Exchange:
    """Return what is published for people."""
    event = {"ce-type": "notification", "ce-source": "budpipeline", "ce-specversion": "1.0"}
    return Exchange(
        service="topics", method="POST", path="notificationMessages", body=body, headers={**event, **JSON}, **others
    )


def http_row(path: str, params: Mapping[str, Any], *exchanges: Exchange, **others: Any) -> Row:
    return Row(
        action="http_request",
        path=path,
        params={"url": f"{WEB}/items", **params},
        exchanges=exchanges,
        context=IDS,
        **others,
    )


def answered(body: Any, status: int = 200, **headers: str) -> dict[str, Any]:
    return {"status_code": status, "body": body, "headers": {**JSON, **headers}}


HTTP_REQUESTS = (
    http_row("a document is read", {}, web(answer={"a": [1]}), outputs=answered({"a": [1]})),
    http_row(
        "headers and query are sent as they are",
        {"url": f"{WEB}/items?q=a%20b", "headers": {"Authorization": "Bearer t", "X-Team": "ml"}},
        web(query={"q": "a b"}, headers={"authorization": "Bearer t", "x-team": "ml"}, answer=[]),
        outputs=answered([]),
    ),
    *(
        http_row(
            f"a {method} sends {body!r}",
            {"method": method, "body": body},
            web(method, body=body, headers=JSON, status=201, answer={"id": 1}),
            outputs=answered({"id": 1}, 201),
        )
        for method in ("POST", "PUT", "PATCH")
        for body in ({"a": {"b": [1, 2.5, None, "ü"]}}, [1, [2]], {}, [], "text", 0, False)
    ),
    http_row(
        "a content type of one's own stays",
        {"method": "POST", "body": {"a": 1}, "headers": {"Content-Type": "application/ld+json"}},
        web("POST", body={"a": 1}, headers={"content-type": "application/ld+json"}, answer=1),
        outputs=answered(1),
    ),
    http_row(
        "a POST without a body",
        {"method": "POST"},
        web("POST", status=204),
        outputs=answered(None, 204),
    ),
    *(
        http_row(
            f"a {method} sends no body",
            {"method": method, "body": {"a": 1}, "include_metadata": True},
            web(method, answer=True),
            outputs=answered(True),
        )
        for method in ("GET", "DELETE")
    ),
    http_row(
        "the ids of execution and step are added",
        {"method": "POST", "body": {"a": 1}, "include_metadata": True},
        web("POST", body={"a": 1, **METADATA}, answer={}),
        outputs=answered({}),
    ),
    http_row(
        "the ids of execution and step are all there is",
        {"method": "PUT", "include_metadata": True},
        web("PUT", body=METADATA, answer={}),
        outputs=answered({}),
    ),
    http_row(
        "a list stays a list, ids or not",
        {"method": "POST", "body": [1], "include_metadata": True},
        web("POST", body=[1], answer={}),
        outputs=answered({}),
    ),
    *(
        http_row(
            f"a {method} is answered {status}",
            {"method": method},
            web(method, status=status, answer={"error": "no"}),
            outputs=answered({"error": "no"}, status),
            error=f"HTTP {status}",
            had_effect=had_effect,
        )
        for method, status, had_effect in (
            ("GET", 404, False),
            ("GET", 500, False),
            ("POST", 404, False),
            ("POST", 302, False),
            ("POST", 500, True),
            ("DELETE", 503, True),
        )
    ),
    *(
        http_row(
            f"a {method} is not answered in time",
            {"method": method, "timeout_seconds": 1},
            web(method, seconds=1.3),
            outputs=NO_ANSWER,
            error="web.test did not answer within 1 seconds",
            had_effect=had_effect,
        )
        for method, had_effect in (("GET", False), ("POST", True))
    ),
    http_row(
        "nobody is there",
        {"method": "POST", "url": "http://127.0.0.1:1/items"},
        outputs=NO_ANSWER,
        error="127.0.0.1:1 cannot be reached: All connection attempts failed",
        had_effect=False,
    ),
    http_row(
        "the address is inside",
        {"method": "POST", "url": "http://127.0.0.2:1/items"},
        outputs=NO_ANSWER,
        error=INSIDE,
        had_effect=False,
    ),
)


def hook_row(path: str, params: Mapping[str, Any], *exchanges: Exchange, **others: Any) -> Row:
    return Row(
        action="webhook",
        path=path,
        params={"url": f"{WEB}/hook", **params},
        exchanges=exchanges,
        context=IDS,
        **others,
    )


def hook(method: str = "POST", **others: Any) -> Exchange:
    return web(method, "hook", **others)


def heard(response: Any, status: int = 200) -> dict[str, Any]:
    return {"success": 200 <= status < 300, "status_code": status, "response": response}


WEBHOOKS = (
    hook_row(
        "the payload comes with the ids of execution and step",
        {"payload": {"a": 1}, "headers": {"X-Webhook-Token": "t"}},
        hook(body={"a": 1, **METADATA}, headers={"x-webhook-token": "t", **JSON}, answer={"ok": True}),
        outputs=heard({"ok": True}),
    ),
    hook_row("the ids are all there is", {}, hook(body=METADATA), outputs=heard(None)),
    hook_row("nothing is sent", {"include_metadata": False}, hook(status=202), outputs=heard(None, 202)),
    *(
        hook_row(f"the payload is {payload!r}", {"payload": payload}, hook(body=payload), outputs=heard(None))
        for payload in ([1, {"a": 2}], "text", 7)
    ),
    hook_row(
        "a DELETE sends its payload",
        {"method": "DELETE", "payload": [1]},
        hook("DELETE", body=[1]),
        outputs=heard(None),
    ),
    hook_row(
        "a GET sends the payload as query",
        {
            "method": "GET",
            "url": f"{WEB}/hook?x=1",
            "payload": {"text": "a&b", "n": 2, "list": [1]},
            "include_metadata": False,
        },
        hook("GET", query={"x": "1", "text": "a&b", "n": "2", "list": "[1]"}, answer="done"),
        outputs=heard("done"),
    ),
    hook_row(
        "a GET sends the ids as query",
        {"method": "GET"},
        hook("GET", query={"_workflow_metadata": '{"execution_id": "e", "step_id": "s"}'}),
        outputs=heard(None),
    ),
    hook_row(
        "a GET has a payload that is no query",
        {"method": "GET", "payload": [1]},
        outputs=UNANSWERED,
        error="The payload cannot be sent: it is the query of a GET, so it must be an object",
        had_effect=False,
    ),
    *(
        hook_row(
            f"a {method} is answered {status}",
            {"method": method, "include_metadata": False},
            hook(method, status=status, answer={"why": "no"}),
            outputs=heard({"why": "no"}, status),
            error=f"HTTP {status}",
            had_effect=had_effect,
        )
        for method, status, had_effect in (("POST", 400, False), ("POST", 502, True), ("GET", 502, False))
    ),
    hook_row(
        "no answer comes in time",
        {"timeout_seconds": 1, "include_metadata": False},
        hook(seconds=1.3),
        outputs=UNANSWERED,
        error="web.test did not answer within 1 seconds",
        had_effect=True,
    ),
    hook_row(
        "the address is inside",
        {"url": "http://127.0.0.2:1/hook"},
        outputs=UNANSWERED,
        error=INSIDE,
        had_effect=False,
    ),
)


def notice_row(path: str, params: Mapping[str, Any], *exchanges: Exchange, **others: Any) -> Row:
    return Row(
        action="notification",
        path=path,
        params={"channel": "slack", "message": "ready", **params},
        exchanges=exchanges,
        context=others.pop("context", IDS),
        **others,
    )


SENT = {"sent": True, "notification_id": "e-s"}
UNSENT = {"sent": False, "notification_id": "e-s"}
ALARM = {
    "notification_id": "e-s",
    "channel": "email",
    "severity": "critical",
    "metadata": {"team": "platform"},
}
NOTIFICATIONS = (
    notice_row("whoever started the pipeline is told", {}, publishing(told(), status=204), outputs=SENT),
    notice_row(
        "those who are named are told",
        {
            "channel": "email",
            "title": "Alarm",
            "severity": "critical",
            "recipients": ["ada", "ops@example.com"],
            "metadata": {"team": "platform"},
        },
        publishing({**told(title="Alarm", tag="critical", result=ALARM), "subscriber_ids": ["ada", "ops@example.com"]}),
        outputs=SENT,
    ),
    notice_row(
        "it is refused",
        {},
        publishing(told(), status=422, answer={"detail": "no such subscriber"}),
        outputs=UNSENT,
        error="the topic notificationMessages answered 422: no such subscriber",
        had_effect=False,
    ),
    notice_row(
        "it breaks",
        {},
        publishing(told(), status=500, answer={"message": "broken"}),
        outputs=UNSENT,
        error="the topic notificationMessages answered 500: broken",
        had_effect=True,
    ),
)
ROWS: tuple[Row, ...] = (*HTTP_REQUESTS, *WEBHOOKS, *NOTIFICATIONS)

"""Rules on time, repetition and failure."""

from collections.abc import Iterator

from bud_codegen.lint.scene import ActionCheck, items
from bud_codegen.problem import Problem
from bud_codegen.validate.draft import Draft

LONGEST_SYNC_SECONDS = 600
_VERDICTS = frozenset({"status", "state", "phase", "result", "message", "error", "error_code", "error_message"})


def _long_sync(draft: Draft) -> Iterator[Problem]:
    seconds = draft.get("timeout_seconds") or 0
    if draft.get("execution_mode") == "sync" and seconds > LONGEST_SYNC_SECONDS:
        message = f"a sync action keeps a worker busy for up to {seconds} seconds"
        hint = "make it event_driven: start the work, and wait for the event that ends it"
        yield draft.problem("long-sync", message, hint, "timeout_seconds")


def _no_timeout(draft: Draft) -> Iterator[Problem]:
    services = draft.get("required_services")
    if draft.get("execution_mode") == "sync" and services and draft.get("timeout_seconds") is None:
        message = f"nothing ends an attempt when {services[0]} does not answer"
        hint = "add timeout_seconds: the longest time that the services may take"
        yield draft.problem("sync-without-timeout", message, hint, "required_services")


def _no_verdict(draft: Draft) -> Iterator[Problem]:
    if draft.get("execution_mode") != "event_driven":
        return
    if not any(output["type"] == "boolean" or output["name"] in _VERDICTS for _, _, output in items(draft, "outputs")):
        message = "no output can say that the work failed after it was started"
        hint = "add an output such as success (boolean), status or message (string)"
        yield draft.problem("event-driven-without-failure-output", message, hint, "execution_mode")


def _undeclared(draft: Draft) -> Iterator[Problem]:
    services = draft.get("required_services")
    if services and draft.get("idempotent") is None:
        message = f"{draft.get('type')} calls {services[0]} and does not say whether doing it twice does harm"
        hint = "add idempotent: false if each call has an effect of its own, true if a second one changes nothing"
        yield draft.problem("idempotency-undeclared", message, hint, "required_services")


def _one_attempt(draft: Draft) -> Iterator[Problem]:
    if (draft.get("retry_policy") or {}).get("max_attempts") == 1:
        message = "max_attempts counts the first attempt, so nothing is repeated"
        hint = "write 2 or more, or remove retry_policy"
        yield draft.problem("retry-without-repetition", message, hint, "retry_policy", "max_attempts")


def _no_wait(draft: Draft) -> Iterator[Problem]:
    policy = draft.get("retry_policy") or {}
    if 0 in (policy.get("initial_interval_seconds"), policy.get("max_interval_seconds")):
        key = "initial_interval_seconds" if policy.get("initial_interval_seconds") == 0 else "max_interval_seconds"
        message = "attempts follow each other at once, onto a service that has just failed"
        yield draft.problem("retry-without-wait", message, "wait a second or more", "retry_policy", key)


def _event_driven_retry(draft: Draft) -> Iterator[Problem]:
    if draft.get("execution_mode") == "event_driven" and draft.get("retry_policy"):
        message = "each attempt starts the work elsewhere again, and waits as long as the first"
        hint = "leave it to the steps that want it"
        yield draft.problem("retry-of-event-driven", message, hint, "retry_policy", "max_attempts")


CHECKS: dict[str, ActionCheck] = {
    "long-sync": _long_sync,
    "sync-without-timeout": _no_timeout,
    "event-driven-without-failure-output": _no_verdict,
    "idempotency-undeclared": _undeclared,
    "retry-without-repetition": _one_attempt,
    "retry-without-wait": _no_wait,
    "retry-of-event-driven": _event_driven_retry,
}

"""Rules for executors, whose code is read and never imported."""

from bud_codegen.rules.rule import Category, Rule, Severity


def _rule(name: str, severity: Severity, category: Category, summary: str) -> Rule:
    return Rule(name, severity, summary, category, "executor")


FILES = (
    _rule("executor-missing", "warning", "strict", "Every action has an executor."),
    _rule("executor-orphaned", "warning", "standard", "Every executor belongs to an action."),
    _rule("executor-syntax", "error", "minimal", "A Python file below the actions can be read."),
    _rule("executor-class-missing", "error", "minimal", "An executor's file has a class Executor."),
    _rule("executor-signature", "error", "minimal", "An executor's methods can be called as actions call them."),
    _rule("executor-still-stub", "warning", "standard", "Somebody has written what the executor does."),
    _rule("executor-wrong-types", "error", "minimal", "An executor is made for the types of its own action."),
)
VALUES = (
    _rule("reads-undeclared-param", "error", "minimal", "An executor reads only params that its action declares."),
    _rule("param-unused", "warning", "strict", "An executor reads all params that its action declares."),
    _rule("emits-undeclared-output", "error", "minimal", "An executor gives only outputs that its action declares."),
    _rule("output-missing-on-some-path", "error", "minimal", "An executor always gives all outputs of its action."),
    _rule("result-missing", "error", "minimal", "An executor's methods return a result, whichever way they take."),
    _rule("secret-logged", "error", "minimal", "No secret is printed or logged."),
)
EVENTS = (
    _rule("awaiting-in-sync-action", "warning", "standard", "An action that waits is event-driven."),
    _rule("on-event-in-sync-action", "warning", "standard", "Only an event-driven action takes events."),
    _rule("event-driven-never-waits", "warning", "standard", "An event-driven action waits for an event."),
    _rule("event-driven-without-on-event", "error", "minimal", "An event-driven action says what an event means."),
    _rule("awaiting-without-correlation-id", "warning", "standard", "A wait says which events can end it."),
    _rule("awaiting-without-callback", "warning", "strict", "A service is told where to publish how work ended."),
    _rule("event-not-filtered", "warning", "standard", "Not every event completes a step."),
    _rule("on-event-without-failure-handling", "warning", "standard", "An event can also say that work failed."),
)
HABITS = (
    _rule("blocking-call-in-async", "warning", "standard", "An executor lets other steps go on while it waits."),
    _rule("cancellation-caught", "warning", "standard", "A step that is cancelled ends."),
    _rule("exception-swallowed", "warning", "standard", "What goes wrong is told."),
    _rule("state-on-self", "warning", "standard", "An executor keeps nothing of a step in itself."),
    _rule("network-past-context", "warning", "standard", "Addresses are asked through the context."),
    _rule("service-not-declared", "warning", "standard", "An action declares the services that its executor calls."),
    _rule("service-unused", "warning", "strict", "An executor calls the services that its action declares."),
)
RULES: tuple[Rule, ...] = (*FILES, *VALUES, *EVENTS, *HABITS)

"""Tools agree with the verdicts: what is an error breaks code that was right before, and what is not does not."""

import sys
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

import pytest

from bud_codegen.diff.finding import Finding, Verdict
from tests.diff.proof.cases import Case, draw_cases
from tests.diff.proof.confirmation import Heard, Trial
from tests.diff.proof.length import LENGTH, SEED

Audience = Literal["pipelines", "executors", "frontends"]

NOT_CONFIRMED: Mapping[Audience, Mapping[str, str]] = {
    "pipelines": {},
    "executors": {
        "action-mode-changed": "what an executor must have for its mode is asked for when events come, not by types",
    },
    "frontends": {},
}
"""Rules whose errors no tool shows, and why they are errors all the same."""
PATTERN = "which texts two patterns tell apart cannot be decided"
ABSENCE = "rules and conditions that look at the param may hold no more; most actions have none"
UNDECIDED: Mapping[Audience, Mapping[str, str]] = {
    "pipelines": {
        "param-pattern-added": PATTERN,
        "param-pattern-changed": PATTERN,
        "rule-added": PATTERN,
        "rule-changed": PATTERN,
        "param-condition-added": ABSENCE,
        "param-condition-removed": ABSENCE,
        "param-condition-changed": ABSENCE,
        "param-default-added": ABSENCE,
        "param-default-removed": ABSENCE,
        "param-default-changed": ABSENCE,
    },
    "executors": dict.fromkeys(
        ("param-option-added", "param-type-widened"),
        "only an executor that names the exact type of all options feels another one; most look for some of them",
    ),
    "frontends": dict.fromkeys(
        ("param-condition-added", "param-condition-changed", "param-default-added", "param-default-changed"),
        "forms are made of the new catalog, and ask for what counts now",
    ),
}
"""Rules by which something breaks now and then that is no error, and why nobody can say so beforehand."""


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Trial:
    return Trial(draw_cases(LENGTH, SEED), tmp_path_factory.mktemp("trial"))


@pytest.fixture(scope="module")
def findings(trial: Trial) -> dict[str, list[Finding]]:
    return trial.findings()


TOOLS: Mapping[Audience, Callable[[Trial], Heard]] = {
    "pipelines": Trial.pipelines,
    "executors": Trial.executors,
    "frontends": Trial.frontends,
}


@pytest.mark.parametrize("audience", TOOLS)
def test_the_tools_confirm_the_verdicts(
    audience: Audience, trial: Trial, findings: Mapping[str, list[Finding]], capsys: pytest.CaptureFixture[str]
) -> None:
    heard = TOOLS[audience](trial)
    assert heard.before == {}, "what was written against the action before is right there"
    opinions = [Opinion.of(audience, case, findings[case.name], heard) for case in trial.cases]
    counts = Counter(opinion.kind for opinion in opinions)
    with capsys.disabled():
        sys.stdout.write(f"\n{audience}: {', '.join(f'{count} {kind}' for kind, count in sorted(counts.items()))}\n")
    disagreements = [str(opinion) for opinion in opinions if opinion.kind == WRONG]
    assert not disagreements, "\n".join(disagreements)
    assert counts[BREAKS] >= LENGTH // 8
    assert counts[SAFE] >= LENGTH // 3


BREAKS, SAFE, CARE, EXCEPTION, WRONG = "confirmed breaking", "confirmed safe", "dangers", "exceptions", "disagreements"


class Opinion(NamedTuple):
    """What a tool and the comparison say of one case."""

    case: Case
    verdict: Verdict
    findings: list[str]
    broken: list[str]
    """What the tool has against code that was right before."""
    careless: list[str]
    """What it has against code that wants to be told of more than what breaks."""
    is_exception: bool
    """Whether the tables above explain that they differ."""

    @classmethod
    def of(cls, audience: Audience, case: Case, findings: list[Finding], heard: Heard) -> "Opinion":
        verdicts = [(each.rule, getattr(each.verdicts, audience)) for each in findings]
        verdict = max((verdict for _, verdict in verdicts), default=Verdict.info)
        worst = {rule for rule, own in verdicts if own is Verdict.error}
        excepted = (
            NOT_CONFIRMED[audience].keys() & worst if worst else UNDECIDED[audience].keys() & dict(verdicts).keys()
        )
        shown = [f"{each.rule} ({getattr(each.verdicts, audience).name}): {each.message}" for each in findings]
        broken, careless = (complaints.get(case.name, []) for complaints in (heard.after, heard.softly))
        return cls(case, verdict, shown, broken, careless, bool(excepted))

    @property
    def kind(self) -> str:
        """Whether they agree, and on what."""
        is_error = self.verdict is Verdict.error
        if is_error == bool(self.broken) and (self.verdict is not Verdict.info or not self.careless):
            return BREAKS if is_error else SAFE if self.verdict is Verdict.info else CARE
        return EXCEPTION if self.is_exception else WRONG

    def __str__(self) -> str:
        heard = (self.broken or self.careless or ["nothing breaks"])[0]
        return f"{self.case}: the tool says {heard}; the comparison says {self.findings or 'nothing'}"

"""A comparison with one finding of each verdict, for the tests of what is shown."""

from datetime import date

from bud_codegen.diff.approvals import FILE, NONE, Approvals, read_approvals
from bud_codegen.diff.finding import Bump, Finding, Verdict, Verdicts
from bud_codegen.diff.outcome import Outcome, outcome_of
from bud_codegen.diff.usage import UNKNOWN, Usage, Use
from bud_codegen.problem import Place
from tests.diff.sides import GREET, HEAD, side

TODAY = date(2026, 1, 1)
PARAM = "  - {name: who, label: Who, type: string}\n"
BEFORE = side({GREET: f"{HEAD}params:\n{PARAM}"})
AFTER = side({GREET: f"{HEAD}timeout_seconds: 5\n"})
GONE = Finding(
    "param-removed",
    "greet",
    "params.who",
    "`who` is gone",
    Verdicts(Verdict.error, Verdict.error, Verdict.info),
    Bump.major,
    before=Place(GREET, 8, 6, 9),
    hint="give it back",
)
LESS = Finding(
    "timeout-reduced",
    "greet",
    "",
    "it waits 5 s, not 60",
    Verdicts(Verdict.danger),
    Bump.minor,
    before=Place(GREET, 1, 1),
    after=Place(GREET, 7, 18),
)
WORDS = Finding(
    "documentation-changed",
    "greet",
    "",
    "other words: name",
    Verdicts(),
    Bump.patch,
    Place(GREET, 3, 7),
    Place(GREET, 3, 7, 5),
)
FINDINGS = (GONE, LESS, WORDS)
APPROVED = f"""\
- fingerprint: "{GONE.fingerprint}"
  reason: Nobody uses it.
  owner: Ada
  expires: 2026-03-31
"""
UNUSED = """\
- fingerprint: "000000000000"
  reason: Nobody uses it.
  owner: Ada
  expires: 2026-03-31
"""
IN_A_FILE = Use("pipeline", "deploy.yaml", "deploy.yaml:12:9", "Unknown parameter: who", Place("deploy.yaml", 12, 9))
ON_A_SERVER = Use("pipeline", "http://bud/pipelines/1", "http://bud/pipelines/1#/steps/0", "Unknown parameter: who")
IN_AN_EXECUTOR = Use("executor", "actions/greet.py", "actions/greet.py:3:4", place=Place("actions/greet.py", 3, 4))
USAGE = Usage(
    41,
    3,
    2,
    {GONE.fingerprint: (IN_A_FILE, ON_A_SERVER, IN_AN_EXECUTOR)},
    (IN_A_FILE._replace(where="deploy.yaml:14:1"),),
)


def outcome(
    *findings: Finding, approvals: str = "", usage: Usage = UNKNOWN, fail_on: Verdict = Verdict.error
) -> Outcome:
    read: Approvals = read_approvals(FILE, approvals) if approvals else NONE
    return outcome_of(
        "main (3f2a1c9)", BEFORE, AFTER, findings, fail_on=fail_on, approvals=read, usage=usage, today=TODAY
    )

"""What a comparison looks like, in every format."""

import json
from dataclasses import replace

import pytest

from bud_codegen.diff.finding import Verdict
from bud_codegen.diff.formats import FORMATS
from tests.diff.outcomes import APPROVED, FINDINGS, GONE, LESS, UNUSED, USAGE, WORDS, outcome

TEXT = f"""\
actions/bud_actions/builtin/greet.yaml:8:6 in main (3f2a1c9): error[param-removed] `who` is gone
   |
 8 |   - {{name: who, label: Who, type: string}}
   |      ^^^^^^^^^
   pipelines: error · executors: error · frontends: safe · needs major
   fingerprint: {GONE.fingerprint}
   affects 2 of 41 pipelines: deploy.yaml:12:9, http://bud/pipelines/1#/steps/0
   affects executor actions/greet.py:3:4
   hint: give it back

actions/bud_actions/builtin/greet.yaml:7:18: danger[timeout-reduced] it waits 5 s, not 60
   |
 7 | timeout_seconds: 5
   |                  ^
   pipelines: danger · executors: safe · frontends: safe · needs minor
   fingerprint: {LESS.fingerprint}

actions/bud_actions/builtin/greet.yaml:3:7: safe[documentation-changed] other words: name
   |
 3 | name: Greet
   |       ^^^^^
   pipelines: safe · executors: safe · frontends: safe · needs patch
   fingerprint: {WORDS.fingerprint}

deploy.yaml:14:1: fails too: Unknown parameter: who

pipelines: 1 error, 1 danger, 1 safe
executors: 1 error, 0 danger, 2 safe
frontends: 0 errors, 0 danger, 3 safe
3 of 41 pipelines fail because of this; 2 pipelines failed before already
1 action compared with main (3f2a1c9): 3 findings

To approve of what is meant, fill this in and add it to .bud-approvals.yaml:

- fingerprint: "{GONE.fingerprint}"  # greet params.who
  rule: param-removed
  reason:  # why the change is right
  owner:  # who answers for it
  expires: 2026-04-01"""


def test_text_has_frames_verdicts_uses_counts_and_how_to_approve() -> None:
    assert FORMATS["text"](outcome(*FINDINGS, usage=USAGE)) == TEXT


def test_text_of_an_approved_finding_names_who_approved_and_offers_nothing() -> None:
    text = FORMATS["text"](outcome(GONE, approvals=APPROVED))
    assert "approved by Ada until 2026-03-31: Nobody uses it." in text
    assert text.endswith("1 action compared with main (3f2a1c9): 1 finding, 1 approved")


def test_text_of_a_useless_approval_has_its_frame() -> None:
    text = FORMATS["text"](outcome(approvals=UNUSED))
    assert text.startswith(".bud-approvals.yaml:1:16: error[approval-unused] ")
    assert ' 1 | - fingerprint: "000000000000"\n' in text
    assert text.endswith("nothing changed; 1 problem with approvals")


def test_nothing_changed_says_what_was_compared_with_what() -> None:
    assert FORMATS["text"](outcome()) == "1 action compared with main (3f2a1c9): nothing changed"
    assert FORMATS["github"](outcome()) == ""
    assert json.loads(FORMATS["sarif"](outcome()))["runs"][0]["results"] == []
    assert json.loads(FORMATS["json"](outcome()))["findings"] == []
    assert FORMATS["markdown"](outcome()) == (
        "## Changes of the actions\n\n"
        "1 action compared with main (3f2a1c9): nothing changed. Nothing stands in the way."
    )


@pytest.mark.parametrize(
    ("approvals", "fail_on", "fails"),
    [
        ("", Verdict.error, [GONE]),
        ("", Verdict.danger, [GONE, LESS]),
        (APPROVED, Verdict.error, []),
        (APPROVED, Verdict.danger, [LESS]),
    ],
)
def test_what_fails_is_as_bad_as_asked_and_not_approved(approvals: str, fail_on: Verdict, fails: list[object]) -> None:
    found = outcome(*FINDINGS, approvals=approvals, fail_on=fail_on)
    assert [each.finding for each in found.failing] == fails
    assert found.has_failed is bool(fails)


def test_a_useless_approval_fails_and_so_does_a_pipeline_that_nothing_explains() -> None:
    assert outcome(approvals=UNUSED).has_failed
    assert outcome(usage=USAGE).has_failed


def test_json_says_everything() -> None:
    document = json.loads(FORMATS["json"](outcome(*FINDINGS, approvals=APPROVED + UNUSED, usage=USAGE)))

    gone, less, _ = document.pop("findings")
    assert gone == {
        "rule": "param-removed",
        "action": "greet",
        "subject": "params.who",
        "message": "`who` is gone",
        "hint": "give it back",
        "verdict": "error",
        "verdicts": {"pipelines": "error", "executors": "error", "frontends": "info"},
        "bump": "major",
        "before": {"path": "actions/bud_actions/builtin/greet.yaml", "line": 8, "column": 6, "length": 9},
        "after": None,
        "fingerprint": GONE.fingerprint,
        "fails": False,
        "approved": {"reason": "Nobody uses it.", "owner": "Ada", "expires": "2026-03-31"},
        "pipelines": [
            {"owner": "deploy.yaml", "where": "deploy.yaml:12:9", "message": "Unknown parameter: who"},
            {
                "owner": "http://bud/pipelines/1",
                "where": "http://bud/pipelines/1#/steps/0",
                "message": "Unknown parameter: who",
            },
        ],
        "executors": [{"owner": "actions/greet.py", "where": "actions/greet.py:3:4", "message": ""}],
    }
    assert (less["approved"], less["fails"]) == (None, False)
    assert [problem["rule"] for problem in document.pop("problems")] == ["approval-unused"]
    assert [use["where"] for use in document.pop("unexplained")] == ["deploy.yaml:14:1"]
    assert document == {
        "compared_with": "main (3f2a1c9)",
        "actions": 1,
        "failed": True,
        "pipelines": {"checked": 41, "failing": 3, "broken": 2},
    }


def test_github_gets_errors_warnings_and_notices_beside_the_lines() -> None:
    lines = FORMATS["github"](outcome(*FINDINGS, usage=USAGE)).split("\n")
    path = "actions/bud_actions/builtin/greet.yaml"
    assert lines[0] == (
        f"::error file={path},line=1,col=1,endColumn=2,title=param-removed::`who` is gone%0Ait stood at {path}:8:6"
        "%0Apipelines: error · executors: error · frontends: safe · needs major"
        "%0Aaffects 2 of 41 pipelines: deploy.yaml:12:9, http://bud/pipelines/1#/steps/0"
        f"%0Aaffects executor actions/greet.py:3:4%0Agive it back%0Afingerprint {GONE.fingerprint}"
    )
    assert lines[1].startswith(f"::warning file={path},line=7,col=18,endColumn=19,title=timeout-reduced::")
    assert lines[2].startswith(f"::notice file={path},line=3,")
    assert lines[3].startswith("::error file=deploy.yaml,line=12,col=9,")
    assert len(lines) == 4
    assert FORMATS["github"](outcome(GONE, approvals=APPROVED)).startswith("::notice ")


def test_sarif_keeps_fingerprints_and_suppressions() -> None:
    log = json.loads(FORMATS["sarif"](outcome(*FINDINGS, approvals=APPROVED + UNUSED, usage=USAGE)))
    (run,) = log["runs"]
    gone, less, words, unused = run["results"]
    assert log["version"] == "2.1.0"
    assert {rule["defaultConfiguration"]["level"] for rule in run["tool"]["driver"]["rules"]} <= {
        "error",
        "warning",
        "note",
    }
    assert [each["level"] for each in run["results"]] == ["error", "warning", "note", "error"]
    assert gone["partialFingerprints"] == {"budFinding/v1": GONE.fingerprint}
    assert gone["suppressions"] == [{"kind": "external", "status": "accepted", "justification": "Nobody uses it."}]
    assert "suppressions" not in less
    assert len(gone["relatedLocations"]) == 2
    assert words["relatedLocations"][0]["physicalLocation"]["region"]["startLine"] == 3
    assert unused["ruleId"] == "approval-unused"


MARKDOWN = f"""\
## Changes of the actions

1 action compared with main (3f2a1c9): 2 findings. **Somebody has to look at this.**

### Pipelines: 1 error, 1 danger, 0 safe

| | Action | Change | Where |
|---|---|---|---|
| error | `greet` | `who` is gone | before: `actions/bud_actions/builtin/greet.yaml:8:6` |
| danger | `greet` | it waits 5 s, not 60 | `actions/bud_actions/builtin/greet.yaml:7:18` |

### Executors: 1 error, 0 danger, 1 safe

| | Action | Change | Where |
|---|---|---|---|
| error | `greet` | `who` is gone | before: `actions/bud_actions/builtin/greet.yaml:8:6` |

<details>
<summary>All findings</summary>

- before: `actions/bud_actions/builtin/greet.yaml:8:6` **param-removed** `who` is gone<br>
  pipelines: error · executors: error · frontends: safe · needs major · fingerprint `{GONE.fingerprint}`<br>
  give it back
- `actions/bud_actions/builtin/greet.yaml:7:18` **timeout-reduced** it waits 5 s, not 60<br>
  pipelines: danger · executors: safe · frontends: safe · needs minor · fingerprint `{LESS.fingerprint}`

</details>"""


def test_markdown_has_a_table_per_audience_and_details_to_fold_out() -> None:
    assert FORMATS["markdown"](outcome(GONE, LESS)) == MARKDOWN


def test_a_comment_stays_within_what_a_review_takes() -> None:
    many = [replace(GONE, subject=f"params.p{number}") for number in range(1_000)]
    markdown = FORMATS["markdown"](outcome(*many))
    assert "and 950 more" in markdown
    assert len(markdown) < 65_536


HOSTILE = "a\n::error::b %0A `c` <img src=x> | @ada [d](http://e) **f** \x1b[31m"


def test_no_message_escapes_its_format() -> None:
    found = outcome(replace(GONE, message=HOSTILE, hint=HOSTILE))

    text = FORMATS["text"](found)
    assert "\x1b" not in text
    assert "\n::error::" not in text
    (command,) = FORMATS["github"](found).split("\n")
    assert "::a%0A::error::b %250A `c`" in command
    markdown = FORMATS["markdown"](found)
    assert "\n::error" not in markdown
    assert "<img" not in markdown
    assert "@ada" not in markdown
    assert "\\[d\\](http:\u2060//e) \\*\\*f\\*\\*" in markdown
    assert all(line.count("|") - line.count("\\|") == 5 for line in markdown.split("\n") if line.startswith("|"))
    assert json.loads(FORMATS["json"](found))["findings"][0]["message"] == HOSTILE


def test_backticks_that_do_not_close_are_shown_as_they_are() -> None:
    assert "a\\`b" in FORMATS["markdown"](outcome(replace(GONE, message="a`b")))

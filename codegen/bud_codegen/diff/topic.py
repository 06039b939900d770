"""What a finding is about: an action on both sides, or a part of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bud_codegen.diff.finding import Bump, Finding, Verdict, Verdicts
from bud_codegen.diff.side import Side
from bud_codegen.load import Pointer
from bud_codegen.model import Action
from bud_codegen.problem import Place

INFO, DANGER, ERROR = Verdict.info, Verdict.danger, Verdict.error
Document = Mapping[str, Any]


def is_as_before(old: Document, new: Document) -> bool:
    """Whether two parts of metadata are written alike: then they are the same, true and 1 told apart."""
    return repr(old) == repr(new)


@dataclass(frozen=True, slots=True)
class Pair:
    """One action before and after."""

    before: Side
    old: Action
    after: Side
    new: Action
    is_pinned: bool = False
    """Whether pipelines go on with the major version of before, which is still there."""
    is_for_pipelines_only: bool = False
    """Whether executors and frontends are told by another pair: after's version stands beside the newest now."""

    def judged(self, verdicts: Verdicts) -> Verdicts:
        """Return verdicts without those that do not hold for this pair."""
        if self.is_pinned:
            return verdicts._replace(pipelines=INFO)
        return Verdicts(verdicts.pipelines) if self.is_for_pipelines_only else verdicts


@dataclass(frozen=True, slots=True)
class Topic:
    """An action, or a part of it, with where it stands in both files."""

    pair: Pair
    subject: str = ""
    before: Pointer | None = ()
    """None if it was not there."""
    after: Pointer | None = ()
    """None if it is gone."""

    def inside(self, name: str, *keys: str | int) -> "Topic":
        """Return a part of it, which stands under the same keys in both files."""
        return replace(
            self,
            subject=f"{self.subject}.{name}" if self.subject else name,
            before=None if self.before is None else (*self.before, *keys),
            after=None if self.after is None else (*self.after, *keys),
        )

    def finding(
        self,
        rule: str,
        message: str,
        pipelines: Verdict = INFO,
        executors: Verdict = INFO,
        frontends: Verdict = INFO,
        *,
        at: Pointer = (),
        bump: Bump | None = None,
        hint: str | None = None,
    ) -> Finding:
        """Make a finding; `at` are keys below the topic.

        Unless it is said, the version must rise by a major where pipelines or frontends break, else by a minor.
        """
        verdicts = Verdicts(pipelines, executors, frontends)
        least = Bump.major if ERROR in (pipelines, frontends) else Bump.minor
        return Finding(
            rule,
            self.pair.new.reference,
            self.subject,
            message,
            self.pair.judged(verdicts),
            least if bump is None else bump,
            self._place(self.pair.before, self.pair.old, self.before, at),
            self._place(self.pair.after, self.pair.new, self.after, at),
            hint,
        )

    def _place(self, side: Side, action: Action, pointer: Pointer | None, at: Pointer) -> Place | None:
        return None if pointer is None else side.place(action, (*pointer, *at))

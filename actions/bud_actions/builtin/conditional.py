"""Executor of conditional."""

from bud_actions.base import ActionContext, ActionError, TypedExecutor
from bud_generated.builtin.conditional import Outputs, Params, ParamsBranchesItem


class Executor(TypedExecutor[Params, Outputs]):
    """Takes the first branch whose condition is true, and decides against the steps that only others lead to."""

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        if not params.branches:
            return _of_single_condition(params)
        taken = next((branch for branch in params.branches if _holds(branch, context)), None)
        target = taken.target_step if taken else None
        for step in dict.fromkeys(branch.target_step for branch in params.branches):
            if step and step != target:
                context.skip_step(step)
        return _of_branch(taken) if taken else _of_none()


def _holds(branch: ParamsBranchesItem, context: ActionContext) -> bool:
    try:
        return context.holds(branch.condition)
    except Exception as error:  # what evaluates conditions has errors of its own
        message = f"The condition of branch '{branch.id}' cannot be evaluated: {error}"
        raise ActionError(message, _undecided().to_dict(), had_effect=False) from error


def _of_branch(taken: ParamsBranchesItem) -> Outputs:
    target = taken.target_step or None
    return Outputs(
        matched_branch=taken.id,
        matched_label=taken.label,
        target_step=target,
        result={"id": taken.id, "label": taken.label, "target_step": target},
        branch=taken.id,
    )


def _of_none() -> Outputs:
    return Outputs(matched_branch=None, matched_label="none", target_step=None, result=None, branch="none")


def _undecided() -> Outputs:
    return Outputs(matched_branch=None, matched_label=None, target_step=None, result=None, branch=None)


def _of_single_condition(params: Params) -> Outputs:
    return Outputs(
        matched_branch=None,
        matched_label=None,
        target_step=None,
        result=params.true_result if params.condition else params.false_result,
        branch="true" if params.condition else "false",
    )

"""Check that every example is valid, by the validator that a form, a saved pipeline and an execution use."""

from collections.abc import Iterator

from bud_codegen.load import Pointer
from bud_codegen.problem import Problem
from bud_codegen.validate.draft import Draft
from bud_codegen.validate.structure import suggestion
from bud_schemas import ParamValidator


def check_examples(draft: Draft) -> Iterator[Problem]:
    """Yield what is wrong with examples. Only for an action whose params and rules have no problem."""
    validator = ParamValidator({"params": [p for _, p in draft.params], "rules": [r for _, r in draft.rules]})
    for index, example in draft.examples:
        for problem in validator.validate(example["params"]):
            is_given = problem.param in example["params"]
            pointer: Pointer = ("examples", index, "params", *([problem.param] if is_given else []))
            hint = suggestion(problem.param, sorted(draft.param_names)) if problem.code == "unknown" else None
            message = f'example "{example["title"]}": {problem.message}'
            place = draft.place(*pointer, of_key=problem.code == "unknown" or not is_given)
            yield Problem(place, "example-invalid", message, hint)

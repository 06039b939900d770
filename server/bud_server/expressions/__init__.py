"""The expressions of pipelines: texts with `{{ ... }}`, in Jinja's syntax, and nothing in them that has an effect.

A text without `{{` is left as it is. A text that is one `{{ ... }}`, with nothing but white space around it, has the
value of the expression, of any type: `{{ params.n + 1 }}` is 6 if n is 5. In any other text each expression is replaced
by its text: a text as it is, null as nothing, true and false in lower case, a number, a list or object as compact JSON.
The same text is what `~`, `string`, `join`, `lower` and `upper` take a value for.

What there is:

- `params.name`, `steps.id.outputs.name`, `steps.id.status`; `params` and `steps.id.outputs` as a whole
- literals: texts, numbers, `true`, `false`, `none`, `[1, 2]`, `{"key": 1}`
- `.key`, `["key"]`, `[0]`, `[-1]`, `[1:3]`; a key wins, and methods cannot be reached
- `+ - * / // % **`, `~`, `== != < <= > >=`, `in`, `not in`, `and`, `or`, `not`, `a if b else c`
- `is` with: defined undefined none true false boolean number integer float string mapping sequence even odd divisibleby
- `|` with: default length lower upper int float string join keys values first last min max sum round sort unique tojson

A step's id may have hyphens, as in `steps.my-step.outputs.x`; `steps["my-step"]` is the same. Literal braces are
written `{{ "{{" }}`. White space before `{{-` and after `-}}` is dropped.

What differs from Jinja: a reference to something unknown is an error, unless under `default` or `is defined`. `default`
stands in for null, too. The output of a step that was skipped or failed is null if it has none. A boolean is not a
number. `tojson` escapes nothing for HTML. There are no calls, blocks, comments or assignments, and what an expression
may cost is bounded.
"""

from bud_server.expressions.condition import Condition, compile_condition
from bud_server.expressions.errors import (
    CompileErrors,
    EvaluationError,
    ExpressionError,
    Path,
    UnknownReferenceError,
)
from bud_server.expressions.expression import Expression, compile_text
from bud_server.expressions.kinds import (
    ANY,
    ARRAY,
    BOOLEAN,
    INTEGER,
    NULL,
    NUMBER,
    OBJECT,
    STRING,
    Kind,
    infer_kind,
)
from bud_server.expressions.scope import Reference, Scope, StepView
from bud_server.expressions.value import CompiledValue, PlacedExpression, PlacedReference, compile_value

__all__ = [
    "ANY",
    "ARRAY",
    "BOOLEAN",
    "INTEGER",
    "NULL",
    "NUMBER",
    "OBJECT",
    "STRING",
    "CompileErrors",
    "CompiledValue",
    "Condition",
    "EvaluationError",
    "Expression",
    "ExpressionError",
    "Kind",
    "Path",
    "PlacedExpression",
    "PlacedReference",
    "Reference",
    "Scope",
    "StepView",
    "UnknownReferenceError",
    "compile_condition",
    "compile_text",
    "compile_value",
    "infer_kind",
]

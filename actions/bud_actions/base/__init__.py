"""What an executor sees, and what describes an action. Needs nothing of the server.

The classes of metadata are generated; they are imported when first asked for.
"""

from typing import TYPE_CHECKING, Any

from bud_actions.base.context import (
    ActionContext,
    Callback,
    EventContext,
    HttpAnswer,
    Outbound,
    OutboundError,
    RefusedAddressError,
    ServiceError,
    ServiceRejectedError,
    Services,
    ServiceTimeoutError,
    ServiceUnreachableError,
)
from bud_actions.base.discovery import BrokenPackage, Discovery, DiscoveryError, discover
from bud_actions.base.executor import BaseActionExecutor, TypedExecutor
from bud_actions.base.packages import ActionPackage
from bud_actions.base.registry import (
    ActionRegistry,
    DeprecatedHandlerRegistry,
    ExecutorError,
    action_registry,
    global_registry,
    register_action,
)
from bud_actions.base.result import ActionError, ActionResult, Awaiting, EventAction, EventResult, StepStatus

if TYPE_CHECKING:
    from bud_generated.meta import (
        ActionExample,
        ActionMeta,
        ConditionalVisibility,
        Deprecation,
        ExecutionMode,
        OutputDefinition,
        OutputType,
        ParamCondition,
        ParamDefinition,
        ParamRule,
        ParamRuleKind,
        ParamType,
        RefType,
        ReservedNames,
        RetryPolicy,
        SelectOption,
        Stability,
        ValidationRules,
    )

__all__ = [
    "ActionContext",
    "ActionError",
    "ActionExample",
    "ActionMeta",
    "ActionPackage",
    "ActionRegistry",
    "ActionResult",
    "Awaiting",
    "BaseActionExecutor",
    "BrokenPackage",
    "Callback",
    "ConditionalVisibility",
    "DeprecatedHandlerRegistry",
    "Deprecation",
    "Discovery",
    "DiscoveryError",
    "EventAction",
    "EventContext",
    "EventResult",
    "ExecutionMode",
    "ExecutorError",
    "HttpAnswer",
    "Outbound",
    "OutboundError",
    "OutputDefinition",
    "OutputType",
    "ParamCondition",
    "ParamDefinition",
    "ParamRule",
    "ParamRuleKind",
    "ParamType",
    "RefType",
    "RefusedAddressError",
    "ReservedNames",
    "RetryPolicy",
    "SelectOption",
    "ServiceError",
    "ServiceRejectedError",
    "ServiceTimeoutError",
    "ServiceUnreachableError",
    "Services",
    "Stability",
    "StepStatus",
    "TypedExecutor",
    "ValidationRules",
    "action_registry",
    "discover",
    "global_registry",
    "register_action",
]


def __getattr__(name: str) -> Any:
    """Import a generated class when it is first asked for (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import bud_generated.meta

    return getattr(bud_generated.meta, name)

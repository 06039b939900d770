"""The actions that come with this distribution: a YAML file and an executor each, in a folder per category."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bud_actions.base import ActionMeta, ParamDefinition, action_registry

__all__ = ["ActionMeta", "ParamDefinition", "action_registry"]


def __getattr__(name: str) -> Any:
    """Import what describes actions when it is first asked for (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import bud_actions.base

    return getattr(bud_actions.base, name)

"""The actions that can be used, by type: their metadata and their executors."""

import sys
import threading
import warnings
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from importlib import import_module
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

from bud_actions.base.discovery import GROUP, ActionPackage, Discovery, discover
from bud_actions.base.executor import BaseActionExecutor
from bud_actions.base.packages import Document, PackageError, class_entry
from bud_actions.base.reloading import imported_anew

if TYPE_CHECKING:
    from bud_generated.meta import ActionMeta

ActionClass = TypeVar("ActionClass", bound=type)


class ExecutorError(Exception):
    """An action's executor cannot be made; the message names the distribution it came with."""


class ActionRegistry:
    """Maps types, aliases included, to metadata and executors. May be shared by threads.

    Executors are imported and made when first asked for, one of each type.
    """

    def __init__(self, discovery: Discovery | None = None) -> None:
        self._lock = threading.Lock()
        self._reloading = threading.Lock()
        self._actions: dict[str, _Action] = {}
        """By type, older versions by `type@major`, in the order in which they came."""
        self._names: dict[str, _Action] = {}
        """By all that each is called."""
        self._discovery: Discovery | None = None
        if discovery is not None:
            self._fill(discovery)

    @property
    def discovery(self) -> Discovery | None:
        """What the registry was filled from; None before that."""
        return self._discovery

    def discover_actions(self, group: str = GROUP, *, allow_broken: bool = False) -> None:
        """Take in what is installed, the first time this is called.

        Raises DiscoveryError, or ValueError if a type is taken by a class that was registered before.
        """
        if self._discovery is None:
            self._fill(discover(group, allow_broken=allow_broken))

    def _fill(self, discovery: Discovery) -> None:
        actions = list(_found_in(discovery))
        with self._lock:
            if self._discovery is None:
                known = {action.entry["source"] for action in self._actions.values()}
                self._add([action for action in actions if action.entry["source"] not in known])
                self._discovery = discovery

    def renew(self, discovery: Discovery) -> None:
        """Know what another discovery found, instead of what the former did; executors that are made stay in use."""
        actions = list(_found_in(discovery))
        with self._lock:
            for action in actions:
                former = self._actions.get(action.reference)
                if former is not None and former.entry["executor"] == action.entry["executor"]:
                    action.adopt(former)
            self._names = {name: action for action in actions for name in action.names}
            self._actions = {action.reference: action for action in actions}
            self._discovery = discovery

    def _add(self, actions: "list[_Action]") -> None:
        names = dict(self._names)
        for action in actions:
            for name in action.names:
                other = names.setdefault(name, action)
                if other is not action:
                    raise ValueError(f"action type {name} of {action.origin} is already taken by {other.origin}")
        self._actions = {**self._actions, **{action.reference: action for action in actions}}
        self._names = names

    def register(self, action_class: ActionClass) -> ActionClass:
        """Add a class with `meta` and `executor_class` and return it; fit for use as a decorator.

        Raises ValueError if it is not valid, or if another action has its type.
        """
        source = f"{action_class.__module__}:{action_class.__qualname__}"
        try:
            entry = class_entry(action_class, source, f"{source}.executor_class")
        except PackageError as error:
            raise ValueError(str(error)) from error
        executor_class: Callable[[], BaseActionExecutor] = action_class.executor_class  # type: ignore[attr-defined]
        with self._lock:
            known = self._names.get(entry["meta"]["type"])
            if known is None or not known.is_of(action_class, entry):
                self._add([_Action(entry, source, lambda: executor_class, action_class)])
        return action_class

    def has(self, action_type: str) -> bool:
        """Whether there is an action of this type, or `type@major`."""
        return action_type in self._names

    def list_actions(self) -> list[str]:
        """Return all types, without aliases and older versions."""
        return [action.type for action in self._newest()]

    def _newest(self) -> "list[_Action]":
        return [action for action in self._actions.values() if action.is_newest]

    def entry(self, action_type: str) -> Document:
        """Return an action's entry as catalog.json has it; do not change it. Raises KeyError for an unknown type.

        Here as everywhere, a type alone means the newest version, and `type@major` that major version.
        """
        return self._action(action_type).entry

    def get_meta(self, action_type: str) -> "ActionMeta | None":
        """Return an action's metadata, or None for an unknown type."""
        action = self._names.get(action_type)
        return action.meta() if action else None

    def get_all_meta(self) -> "list[ActionMeta]":
        """Return the metadata of all actions in their newest version."""
        return [action.meta() for action in self._newest()]

    def get_by_category(self) -> "dict[str, list[ActionMeta]]":
        """Return the metadata of all actions by the name of their category."""
        groups: dict[str, list[ActionMeta]] = {}
        for meta in self.get_all_meta():
            groups.setdefault(meta.category, []).append(meta)
        return groups

    def get_executor(self, action_type: str) -> BaseActionExecutor:
        """Return the one executor of a type, imported and made now if it has not been before.

        Raises KeyError for an unknown type, and ExecutorError if it cannot be imported or made.
        """
        return self._action(action_type).executor()

    def reload(self, modules: Collection[str]) -> list[str]:
        """Take edited modules, and what imports them, into use; return the types (`type@major` of older versions)
        whose executor this concerns.

        Executors that are in use are replaced together, as soon as all are made; those of them that work go on with the
        former code. Raises ExecutorError, having replaced nothing, if one cannot be made.
        """
        actions = list(self._actions.values())
        packages = {name.partition(".")[0] for name in (*modules, *(action.module for action in actions))}
        with self._reloading, imported_anew(modules, packages) as names:
            concerned = [action for action in actions if action.module in names]
            remade = [(action, action.remade()) for action in concerned if action.is_made]
            for action, executor in remade:
                action.replace(executor)
        return [action.reference for action in concerned]

    def _action(self, action_type: str) -> "_Action":
        action = self._names.get(action_type)
        if action is None:
            raise KeyError(f"Unknown action type: {action_type}")
        return action


class _Action:
    """One action, with what is made of it when first asked for."""

    def __init__(
        self,
        entry: Document,
        origin: str,
        load: Callable[[], Callable[[], BaseActionExecutor]],
        action_class: type | None = None,
        reference: str = "",
    ) -> None:
        self.entry = entry
        self.type: str = entry["meta"]["type"]
        self.reference = reference or self.type
        """What means this version: its type, or `type@major` of an older one."""
        self.origin = origin
        """Where it came from, for people."""
        self.module: str = entry["executor"].partition(":")[0]
        """Where its executor is imported from."""
        self._load = load
        self._class = action_class
        self._lock = threading.RLock()
        self._meta: ActionMeta | None = None
        self._executor: BaseActionExecutor | None = None

    def is_of(self, action_class: type, entry: Document) -> bool:
        """Whether it was made of this class, by hand or through its entry point."""
        return self._class is action_class or (self._class is None and self.entry == entry)

    def meta(self) -> "ActionMeta":
        from bud_generated.meta import ActionMeta

        with self._lock:
            if self._meta is None:
                self._meta = ActionMeta.from_dict(self.entry["meta"])
            return self._meta

    @property
    def is_newest(self) -> bool:
        return self.reference == self.type

    @property
    def names(self) -> list[str]:
        """All that it is called."""
        from bud_schemas.shapes import names_of

        return names_of(self.entry["meta"], is_newest=self.is_newest)

    @property
    def is_made(self) -> bool:
        return self._executor is not None

    def executor(self) -> BaseActionExecutor:
        if self._executor is not None:
            return self._executor
        with self._naming_origin():
            make = self._load()  # outside the lock: what is imported may itself wait for the registry
            with self._lock:
                if self._executor is None:
                    self._executor = make()
                return self._executor

    def remade(self) -> BaseActionExecutor:
        """Return another executor, of what is imported now."""
        with self._naming_origin():
            return self._load()()

    def adopt(self, former: "_Action") -> None:
        """Go on with the executor of what the action was before."""
        self._executor = former._executor

    def replace(self, executor: BaseActionExecutor) -> None:
        with self._lock:
            self._executor = executor

    @contextmanager
    def _naming_origin(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            raise ExecutorError(f"the executor of {self.reference} ({self.origin}) cannot be made: {said}") from error


def _found_in(discovery: Discovery) -> "Iterator[_Action]":
    for package in discovery.packages:
        for reference, entry in package.versions:
            yield _found(package, reference, entry)


def _found(package: ActionPackage, reference: str, entry: Document) -> _Action:
    module, _, attribute = entry["executor"].partition(":")

    def load() -> Any:
        return attrgetter(attribute)(import_module(module))

    return _Action(entry, f"{package.distribution} {package.version}", load, reference=reference)


action_registry = ActionRegistry()
"""The default registry; empty until discover_actions is called."""


def register_action(meta: "ActionMeta") -> Callable[[ActionClass], ActionClass]:
    """Return a decorator that gives a class its `meta`. What makes it known is its entry point."""

    def decorate(action_class: ActionClass) -> ActionClass:
        action_class.meta = meta  # type: ignore[attr-defined]
        return action_class

    return decorate


class DeprecatedHandlerRegistry:
    """A registry under its former name and methods."""

    def __init__(self, action_registry: ActionRegistry) -> None:
        self._action_registry = action_registry
        self._warned: set[tuple[str, int]] = set()
        """File and line of the callers that have been warned."""

    def get(self, handler_type: str) -> BaseActionExecutor:
        """Return an executor. Deprecated: warns once for each line that calls it."""
        caller = sys._getframe(1)
        place = (caller.f_code.co_filename, caller.f_lineno)
        if place not in self._warned:
            self._warned.add(place)
            message = "HandlerRegistry.get() is deprecated, use action_registry.get_executor()"
            warnings.warn(message, DeprecationWarning, stacklevel=2)
        return self._action_registry.get_executor(handler_type)

    def has(self, handler_type: str) -> bool:
        """Whether there is an action of this type."""
        return self._action_registry.has(handler_type)


global_registry = DeprecatedHandlerRegistry(action_registry)
"""The default registry for code that still knows handlers."""

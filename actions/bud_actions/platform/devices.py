"""The devices that a model can run on, and how it is spread over them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bud_actions.platform.calls import objects_in, text_in

PREFERRED = ("cuda", "hpu", "cpu_high", "cpu")
"""Kinds of devices, the best first."""


class NoFitError(Exception):
    """What was asked for cannot be had; the message says what can."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What was asked for; None leaves the choice."""

    device_type: str | None = None
    tp_size: int | None = None
    pp_size: int | None = None
    replicas: int | None = None


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a model is spread over devices."""

    device_type: str
    tp_size: int
    """Devices over which each layer is split."""
    pp_size: int
    """Stages into which the layers are divided."""
    replicas: int


def chosen_layout(
    configurations: Sequence[Mapping[str, Any]], nodes: Iterable[Mapping[str, Any]], wanted: Wanted
) -> Layout:
    """Return the best layout that fits what was asked for. Raises NoFitError.

    It is one of the configurations that were worked out for the model; where none were, one device of the nodes.
    """
    if not configurations:
        device_type = _chosen_type(_free_types(nodes), wanted)
        sizes = (wanted.tp_size or 1, wanted.pp_size or 1, wanted.replicas or 1)
        return Layout(device_type=device_type, tp_size=sizes[0], pp_size=sizes[1], replicas=sizes[2])
    types = [text_in(each, "device_type") or "" for each in configurations]
    device_type = _chosen_type(types, wanted)
    return _chosen_option(device_type, objects_in(configurations[types.index(device_type)], "tp_pp_options"), wanted)


def _free_types(nodes: Iterable[Mapping[str, Any]]) -> list[str]:
    devices = (device for node in nodes for device in objects_in(node, "hardware_info"))
    free = (text_in(each, "type") or "" for each in devices if (each.get("available_count") or 0) > 0)
    return list(dict.fromkeys(each.lower() for each in free if each))


def _chosen_type(types: Sequence[str], wanted: Wanted) -> str:
    if wanted.device_type is not None:
        if wanted.device_type not in types:
            available = ", ".join(types) or "none"
            raise NoFitError(f"Device type '{wanted.device_type}' not available; available: {available}")
        return wanted.device_type
    if not types:
        raise NoFitError("No device of the cluster's nodes is available")
    return next((each for each in PREFERRED if each in types), types[0])


def _chosen_option(device_type: str, options: Sequence[Mapping[str, Any]], wanted: Wanted) -> Layout:
    for option in options:
        tp_size, pp_size = option.get("tp_size") or 1, option.get("pp_size") or 1
        if wanted.tp_size in (None, tp_size) and wanted.pp_size in (None, pp_size):
            replicas = wanted.replicas or option.get("max_replicas") or 1
            return Layout(device_type=device_type, tp_size=tp_size, pp_size=pp_size, replicas=replicas)
    pairs = ", ".join(f"TP={each.get('tp_size')},PP={each.get('pp_size')}" for each in options) or "none"
    asked = f"TP={wanted.tp_size or 'any'},PP={wanted.pp_size or 'any'}"
    raise NoFitError(f"{asked} not valid for {device_type}; valid: {pairs}")

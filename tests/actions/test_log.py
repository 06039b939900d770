"""log writes into the execution's log."""

from collections.abc import Mapping
from typing import Any

import pytest

from bud_actions.builtin.log import Executor
from tests.actions.support import yielded


def reported(params: Mapping[str, Any]) -> tuple[dict[str, Any], list[tuple[str, Mapping[str, Any]]]]:
    reports: list[tuple[str, Mapping[str, Any]]] = []
    outputs = yielded(Executor(), params, report=lambda kind, data: reports.append((kind, data)))
    return outputs, reports


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
def test_a_message_is_written_once_at_its_level(level: str) -> None:
    outputs, reports = reported({"message": "The cluster is healthy", "level": level})

    assert outputs == {"logged": True, "message": "The cluster is healthy", "level": level}
    assert reports == [("log", {"event": "message", "data": {"level": level, "message": "The cluster is healthy"}})]


def test_the_level_is_info_unless_another_is_given() -> None:
    assert reported({"message": "é 日本 😀"})[0] == {"logged": True, "message": "é 日本 😀", "level": "info"}


def test_an_empty_message_is_written_too() -> None:
    outputs, reports = reported({})

    assert outputs["message"] == ""
    assert len(reports) == 1

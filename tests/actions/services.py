"""Services that answer by hand."""

from collections.abc import Mapping
from typing import Any


class Answering:
    """Services that give one answer to everything."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    async def invoke(
        self,
        app_id: str,
        method_path: str,
        http_method: str,
        data: Any,
        params: Mapping[str, Any] | None,
        timeout_seconds: float,
        headers: Mapping[str, str],
    ) -> Any:
        return self._answer

    async def publish(self, topic: str, data: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        raise AssertionError(f"nothing is published to {topic}")


class Endpoint(Answering):
    """budapp, with the scaling settings of one endpoint."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(None)
        self.settings = settings

    async def invoke(
        self,
        app_id: str,
        method_path: str,
        http_method: str,
        data: Any,
        params: Mapping[str, Any] | None,
        timeout_seconds: float,
        headers: Mapping[str, str],
    ) -> Any:
        if http_method == "PUT":
            self.settings = data["budaiscaler_specification"]
        return {"budaiscaler_specification": self.settings}

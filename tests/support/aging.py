"""Actions that are on their way out, or have been renamed, and a server of them on a day of the test's choice."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from bud_actions.base import ActionContext, ActionResult, BaseActionExecutor
from bud_server.catalog.holder import CatalogHolder
from bud_server.catalog.served import ServedCatalog
from tests.support.api import catalog_with, serving, settings_in

HEAD = 'version: "1.4.0"\ndescription: For tests.\ncategory: Integration\nexecution_mode: sync\ntimeout_seconds: 60\n'
FILES = {
    "send": """type: send
name: Send
aliases: [post, mail]
params:
  - {name: text, label: Text, type: string, default: "", renamed_from: message}
  - {name: token, label: Token, type: json, secret: true, renamed_from: key}
  - name: size
    label: Size
    type: number
    deprecated: {since: "1.2.0", message: Left out., replacement: text, date: "2026-03-01", sunset: "2027-01-01"}
outputs:
  - {name: text, type: string}
  - name: code
    type: number
    deprecated: {since: "1.2.0", message: Use text., replacement: text, sunset: "2027-02-01"}
  - {name: token, type: any}
""",
    "dispatch": """type: dispatch
name: Dispatch
docs_url: https://docs.example.com/é?a=b
deprecated: {since: "1.4.0", message: Use send., replacement: send, date: "2026-06-30", sunset: "2027-06-30"}
""",
    "fade": """type: fade
name: Fade
deprecated: {since: "1.4.0", message: Nobody needs it.}
""",
    "fork": """type: fork
name: Fork
params:
  - {name: branches, label: Branches, type: branches, required: true, renamed_from: routes}
outputs:
  - {name: conditions, type: array}
""",
}
BEFORE, SUNSET = date(2026, 12, 31), date(2027, 6, 30)


class Send(BaseActionExecutor):
    async def execute(self, context: ActionContext) -> ActionResult:
        params = context.params
        outputs = {"text": params["text"], "code": 7, "token": params.get("token")}
        return ActionResult(success=True, outputs=outputs)


class Done(BaseActionExecutor):
    async def execute(self, context: ActionContext) -> ActionResult:
        return ActionResult(success=True)


class Fork(BaseActionExecutor):
    async def execute(self, context: ActionContext) -> ActionResult:
        conditions = [branch["condition"] for branch in context.params["branches"]]
        return ActionResult(success=True, outputs={"conditions": [context.holds(each) for each in conditions]})


EXECUTORS = {"send": Send(), "dispatch": Done(), "fade": Done(), "fork": Fork()}


@cache
def aging_catalog(**changed: str) -> ServedCatalog:
    """Return the catalog of the actions above; `changed` replaces the text of files."""
    return catalog_with({name: HEAD + text for name, text in {**FILES, **changed}.items()})


@dataclass
class Aging:
    """A server whose day and catalog a test may change."""

    client: TestClient
    holder: CatalogHolder
    days: list[date] = field(default_factory=list)
    """The last one is today."""

    @contextmanager
    def on(self, day: date) -> Iterator[TestClient]:
        """Let it be a day for a while."""
        self.days.append(day)
        try:
            yield self.client
        finally:
            self.days.pop()


@contextmanager
def aging(folder: Path, **settings: Any) -> Iterator[Aging]:
    """Serve the actions above, long before anything's sunset."""
    holder, days = CatalogHolder(aging_catalog()), [BEFORE]
    with serving(settings_in(folder, **settings), EXECUTORS, holder=holder, today=lambda: days[-1]) as client:
        yield Aging(client, holder, days)

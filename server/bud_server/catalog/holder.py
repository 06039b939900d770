"""The catalog in use: one reference, replaced as a whole."""

from dataclasses import dataclass, field

from starlette.types import Scope

from bud_server.catalog.served import ServedCatalog


@dataclass(slots=True)
class CatalogHolder:
    """Holds the catalog that requests are answered from.

    A request takes `current` once, as its scope's catalog, and so never sees a mixture, whatever comes meanwhile.
    """

    current: ServedCatalog
    broken: list[dict[str, str]] = field(default_factory=list)
    """Packages that could not be used: distribution, entry and reason."""
    problems: list[str] = field(default_factory=list)
    """What is wrong with the action files as they stand, while an older catalog is served."""


def catalog_of(scope: Scope) -> ServedCatalog:
    """Return the catalog that a request is answered from, chosen when it came."""
    catalog: ServedCatalog = scope["catalog"]
    return catalog

"""The catalog in use: one reference, replaced as a whole."""

from dataclasses import dataclass, field

from bud_server.catalog.served import ServedCatalog


@dataclass(slots=True)
class CatalogHolder:
    """Holds the catalog that requests are answered from.

    A request takes `current` once and so never sees a mixture, whatever is put there meanwhile.
    """

    current: ServedCatalog
    broken: list[dict[str, str]] = field(default_factory=list)
    """Packages that could not be used: distribution, entry and reason."""
    problems: list[str] = field(default_factory=list)
    """What is wrong with the action files as they stand, while an older catalog is served."""

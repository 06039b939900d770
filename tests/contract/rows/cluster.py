"""Actions of the folder cluster."""

from tests.contract.table import Row

ROWS: tuple[Row, ...] = ()

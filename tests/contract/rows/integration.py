"""Actions of the folder integration."""

from tests.contract.table import Row

ROWS: tuple[Row, ...] = ()

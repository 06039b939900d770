"""Actions of the folder model."""

from tests.contract.table import Row

ROWS: tuple[Row, ...] = ()

"""Actions of the folder simulation."""

from tests.contract.table import Row

ROWS: tuple[Row, ...] = ()

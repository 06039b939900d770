"""Actions of the folder deployment."""

from tests.contract.table import Row

ROWS: tuple[Row, ...] = ()

"""Actions of the folder builtin."""

from tests.contract.table import Row

ROWS: tuple[Row, ...] = ()

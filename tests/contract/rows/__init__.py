"""The rows, by the folder of the action."""

from tests.contract.rows import builtin, cluster, deployment, integration, model, simulation
from tests.contract.table import Row

ROWS: tuple[Row, ...] = (
    *builtin.ROWS,
    *model.ROWS,
    *cluster.ROWS,
    *deployment.ROWS,
    *simulation.ROWS,
    *integration.ROWS,
)

"""Every kind of change to an action that somebody can notice."""

from collections.abc import Mapping

from tests.diff.proof import of_actions, of_outputs, of_params, of_schemas
from tests.diff.proof.picking import Mutation

MUTATIONS: Mapping[str, Mutation] = {
    mutation.__name__: mutation
    for mutation in (
        *of_actions.MUTATIONS,
        *of_params.MUTATIONS,
        *of_outputs.MUTATIONS,
        *of_schemas.MUTATIONS,
    )
}
"""By name. Each changes the documents that the language accepts in one way."""

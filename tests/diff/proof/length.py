"""How many mutations are tried: some in `make test`, many in `make chaos`."""

import os

LENGTH = int(os.environ.get("BUD_PROOF_LENGTH", "216"))
"""Mutations that tools confirm; 624 in `make chaos`."""
SEED = int(os.environ.get("BUD_PROOF_SEED", "1"))
"""What is drawn follows from it."""

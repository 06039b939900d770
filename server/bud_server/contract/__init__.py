"""What the OpenAPI document promises, held: request bodies always, everything else where strict."""

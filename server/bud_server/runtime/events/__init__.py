"""Events from outside: kept first, then matched with the step that waits for them."""

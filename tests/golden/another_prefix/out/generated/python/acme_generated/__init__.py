"""Generated from actions/acme_actions; imports nothing. Each action has a module of its own."""

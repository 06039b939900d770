"""Generated from actions/bud_actions; imports nothing. Each action has a module of its own."""

"""Commands of `bud` that have a module of their own: parse, call, print."""

"""HTTP as every route needs it: prepared answers, bodies that may be anything, errors, what is counted and logged."""

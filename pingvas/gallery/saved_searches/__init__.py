"""Filters of a person's gallery that are kept under a name, and what they name that is no longer there."""

"""Leaving: a deletion that can be taken back for a while, and everything about a person as one file."""

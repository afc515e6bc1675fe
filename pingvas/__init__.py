"""Pingvas Studio: an open, self-hostable studio for AI pictures."""

__version__ = "0.1.0"

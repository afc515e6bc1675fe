"""Passwords: which are accepted, and their hashes."""

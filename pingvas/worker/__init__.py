"""Processes beside the API: the one that makes pictures, and the chores."""

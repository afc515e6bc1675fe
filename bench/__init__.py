"""Measurements: one file per question, each printing a ratio against a named peer in the same run."""

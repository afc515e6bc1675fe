"""The routes, one file per subject, with their wire models."""

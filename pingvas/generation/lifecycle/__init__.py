"""The life of a job, from being accepted to its end: one state machine, whose SQL stands in `statements.py`."""

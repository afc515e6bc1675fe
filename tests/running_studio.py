"""A whole studio in processes of its own, which benchmarks start too."""

from harness.running_studio import ROOT, RunningStudio, free_port, running_studio, wait_for

__all__ = ["ROOT", "RunningStudio", "free_port", "running_studio", "wait_for"]

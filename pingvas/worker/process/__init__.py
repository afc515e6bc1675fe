"""The worker process around its running jobs: registration, wake-ups, claiming, and its stop."""

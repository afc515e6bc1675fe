"""The worker process: registration, claiming, lease renewal, and its stop."""

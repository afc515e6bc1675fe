"""The job: priced, submitted, queued, leased to a worker, watched, and settled."""

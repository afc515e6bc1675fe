"""The queue: who is next, who may run, and how a worker takes a job."""

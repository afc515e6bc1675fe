"""The order of the queue: turns in virtual time, which jobs may share a batch, and which workers live."""

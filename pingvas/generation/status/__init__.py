"""What may be read of jobs and of the queue; nothing here changes how a job goes on."""

"""Taking requests: checked, completed, priced, paid and put into the queue."""

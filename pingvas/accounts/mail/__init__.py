"""What the studio writes to people. A message is put down in one transaction with what it tells of, and sent after it."""

"""What every room stands on: settings, the database, errors, ids, the clock. Knows nothing of pictures."""

"""Plans, subscriptions and the credit ledger. Knows nothing of pictures: a job is an id here."""

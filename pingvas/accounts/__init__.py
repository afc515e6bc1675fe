"""Who people are: their accounts, devices and ways to sign in. Knows nothing of plans, credits or pictures."""

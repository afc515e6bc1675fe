"""Lemon Squeezy: its JSON:API, its signed webhooks, and its words in ours."""

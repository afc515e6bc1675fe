"""Prompts: their language, and their embeddings."""

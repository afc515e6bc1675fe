"""Model files: what they are, and how they are opened safely."""

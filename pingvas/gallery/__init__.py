"""Kept pictures: taking them in, listing, finding, changing and deleting them, and who may see which."""

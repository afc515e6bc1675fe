"""Kept pictures: listing, finding, changing and deleting them, and who may see which."""

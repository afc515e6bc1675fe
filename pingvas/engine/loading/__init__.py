"""Opens models: from files and folders to a family's networks, kept for later use."""

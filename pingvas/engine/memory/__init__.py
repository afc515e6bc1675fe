"""Which models are in memory, what a picture needs of it, and what is done when it is full."""

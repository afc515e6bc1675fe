"""A seller for trying things out: its own small server, which speaks Lemon Squeezy's protocol and takes no money."""

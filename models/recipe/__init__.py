"""How the bundled models are made: drawings, captions, training, export and judging."""

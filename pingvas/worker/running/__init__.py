"""Running claimed jobs: what they are made from, the engine's thread, progress, storing, and writing the outcome."""

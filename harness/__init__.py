"""What tests and benchmarks share: toy models, a studio in processes of its own, and rows to begin from."""

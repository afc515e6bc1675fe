"""The model families the engine can run, one file each."""

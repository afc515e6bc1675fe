"""The chores' process: what the studio does by itself, and when."""

"""What was made and spent, by the day."""

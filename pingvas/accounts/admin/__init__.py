"""What those who run the studio see and do: people, announcements, and the log of what was done."""

"""What a job costs before it is made, and what jobs really took."""

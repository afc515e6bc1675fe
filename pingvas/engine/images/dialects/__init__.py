"""What other programs write into pictures, one file per dialect, and one value that all of them are read into."""

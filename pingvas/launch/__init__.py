"""What an operator's machine runs: the database, the processes, and the commands around them."""

"""One job in a worker, from its inputs to its outcome, and the thread that the engine runs on."""

"""Live events to people's browsers over socket.io, and the way other processes send them. Keeps no state of jobs."""

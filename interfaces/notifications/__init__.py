"""Messages to people outside: the journal as an outbox, read by a worker for each channel that was configured."""

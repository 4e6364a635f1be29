"""How Alpaca is spoken to: requests with a deadline, sockets that are kept open, keys, the rate limit."""

"""A long run of everything at once, looked at all the while: `make soak`."""

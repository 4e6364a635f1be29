"""What Weaver does: commands, the journal, sessions and their supervision."""

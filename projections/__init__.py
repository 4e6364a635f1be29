"""What can be asked: read models folded from the journal."""

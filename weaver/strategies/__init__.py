"""Bundled strategies: each file is an example to read, copy and change."""

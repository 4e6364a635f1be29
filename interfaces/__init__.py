"""Where Weaver meets the world: people, brokers, files and databases."""

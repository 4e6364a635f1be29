"""Where bars come from: files, the store, and the generator of sample bars."""

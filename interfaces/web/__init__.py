"""The HTTP edge: REST, SSE and the page."""

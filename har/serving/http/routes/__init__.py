"""Routes, a router for each protocol."""

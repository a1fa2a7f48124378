"""A foreign office with its own digital library: a DAS-shaped endpoint, and a client that registers and retrieves."""

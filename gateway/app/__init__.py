"""The composition root: sees everything but the adapters, which it knows by name only."""

"""The DAS-shaped door: the Bureau calls us here as it calls any office with its own library (das.md 1.3)."""

"""Bench: repeatable measurements of a real gateway, driven from outside through its public interface."""

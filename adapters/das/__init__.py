"""WIPO DAS (Digital Access Service): the Bureau's REST API, version 1, as an office calls it."""

from adapters.das.adapter import adapter

__all__ = ["adapter"]

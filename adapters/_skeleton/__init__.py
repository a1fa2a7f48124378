"""A template to copy: the smallest adapter that is safe to retry. See adapters/README.md."""

from adapters._skeleton.adapter import adapter

__all__ = ["adapter"]

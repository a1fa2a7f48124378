"""WIPO IPAS, the administration system of many offices: lays received documents into the office's own register."""

from adapters.ipas.adapter import adapter

__all__ = ["adapter"]

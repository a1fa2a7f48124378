"""Counterparts to try a gateway against: strict by default, hostile on demand, strangers to its code."""

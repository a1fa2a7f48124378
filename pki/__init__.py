"""Keys, trust and signatures: a library that knows no gateway; alone: `python -m pki verify FILE`."""

"""The REST door: /api/v1 after WIPO ST.90; `openapi.py` describes it, `schemas/openapi.json` is what is served."""

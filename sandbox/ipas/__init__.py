"""An office's IPAS as a counterpart: its SOAP service, its daily log and its server folder."""

"""A time-stamping authority as a counterpart: RFC 3161 over HTTP."""

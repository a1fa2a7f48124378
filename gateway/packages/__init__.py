"""What offices send, opened and judged: one engine, one file per form, findings instead of exceptions."""

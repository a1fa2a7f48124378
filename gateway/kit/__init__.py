"""What an adapter is handed: HTTP, tokens and the kit around them. Sees ports and core; no adapter and no store."""

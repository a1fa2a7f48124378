"""The ledger's door: checkpoints, tiles, entries and proofs, for offices that are agreed to read them."""

"""Evidence seen from outside: logs in folders and at addresses, proofs in files. Knows no database and no office."""

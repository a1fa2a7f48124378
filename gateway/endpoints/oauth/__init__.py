"""The token endpoint: access tokens against client assertions, and the keys they are verified with."""

"""The International Bureau as offices see it: WIPO DAS REST API V1, strict, optionally rude."""

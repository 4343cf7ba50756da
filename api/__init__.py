"""HTTP: parse, call one use case, shape the answer; pydantic stays in here."""

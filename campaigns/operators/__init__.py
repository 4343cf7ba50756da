"""Operators who take calls: whom to ring, and in what order callers wait."""

"""One conversation of a robot with a caller: hearing, deciding, speaking."""

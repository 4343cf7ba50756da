"""The rules and loops of dialling, shared by robot and operator campaigns."""

"""Ground floor: value types and reference data of Japanese local government. Pure Python, no I/O at call time."""

"""2nd floor: one room for each system of a town hall."""

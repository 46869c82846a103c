"""1st floor: what every system needs and nobody should write twice."""

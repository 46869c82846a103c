"""yakuba (役場): open-source core systems for Japan's local government."""

__version__ = "0.1.0"

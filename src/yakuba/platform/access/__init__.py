"""People, their duties, the terminals they sit at, and the purpose of each enquiry. Nothing is allowed by default."""

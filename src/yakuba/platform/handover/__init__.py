"""授受: every file that leaves or enters, by whom, to whom, why, on what, and what became of it."""

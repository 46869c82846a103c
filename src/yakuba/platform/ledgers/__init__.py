"""Ledgers of the recurring duties of operation: incidents, self-checks, audits, contractors, drills. See README.md."""

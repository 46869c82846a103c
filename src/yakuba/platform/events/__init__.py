"""Typed events and their transactional outbox.

A room declares each event that it publishes (`declare`) and each that it listens to (`subscribe`). `publish` writes the
event and one delivery per subscriber in the transaction of the act; the dispatcher hands deliveries over after commit,
in order per subject, at least once. A subscriber is called inside a transaction with its delivery's completion, so
what it writes in this database happens exactly once.
"""

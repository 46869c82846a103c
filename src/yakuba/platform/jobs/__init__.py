"""Long work: with progress, cancellation, and resumption after a kill.

A job's truth is its row: state, cursor, progress. Work is cut into chunks; each chunk commits its data together with the
new cursor (`Run.checkpoint`), so a process killed at any moment loses at most one uncommitted chunk and doubles nothing.
The running process holds a session lock which dies with it: who crashed is known at once, without heartbeats.
"""

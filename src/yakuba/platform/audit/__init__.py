"""Who did what to whom, when, from where and why: append-only and hash-chained.

Entries are written in the transaction of the act by one SQL function (`audit_append`), which computes the chain; the
application's role can neither write the table directly nor change it. To let many clerks commit at once there are
several chains (lanes); each transaction takes a free one. See docs/adr/0004.
"""

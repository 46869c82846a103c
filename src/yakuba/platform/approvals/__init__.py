"""Application (申請) → decisions (決裁) by other persons: one mechanism for whatever somebody else must allow first.

A kind of application names its steps in order; each is decided by somebody with the step's duty who neither applied nor
decided another step of it. What was decided is append-only. An approval can be bound to the content that was approved (by
hash), ends after the kind's period, and is used as often as the kind allows.
"""

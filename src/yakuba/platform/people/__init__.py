"""Who works here: employment and posts, pledges, training, the workers of contractors; how somebody gets an account and rights,
and how he loses them.

Everything here begins and ends by date. What must hold for somebody to act (`standing.py`) is asked with each request.
"""

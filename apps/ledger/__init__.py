"""Credits: lots, holds and entries that balance by construction. Knows no price, no job, no Stripe.

Imports accounts and the base modules.
"""

"""Money and gifts coming in. Imports ledger, accounts and the base modules."""

"""Money and gifts coming in, and who may spend how much of them. Imports ledger, library, accounts, the base."""

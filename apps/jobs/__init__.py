"""The life of a job, from request to settled result. Imports the blocks, ledger, accounts and the base modules."""

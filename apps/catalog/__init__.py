"""What is sold, with which inputs, for how much. Imports accounts, the base modules and the unit of ledger."""

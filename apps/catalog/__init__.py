"""What is sold, with which inputs, for how much, to whom. Imports accounts, the base modules and the unit of ledger.

From the bottom: inputs and prices of a model, as plain values; ``checks``, what must hold of it; ``files``, the folder
``data`` read by them; the rows, and what readers ask of them (``shelf``, ``access``, ``defaults``, ``choosing``); and
whatever changes rows (``sync`` from files, ``editing``, ``endpoints`` and ``price_changes`` from staff). The layers in
pyproject.toml name every module.
"""

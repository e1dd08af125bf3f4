"""Every picture of a workspace, made or uploaded, and the files behind them. Imports accounts and the base modules."""

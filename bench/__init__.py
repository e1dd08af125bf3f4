"""What things cost, beside a limit of the same machine."""

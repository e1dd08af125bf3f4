"""What every check lists, and what several of them ask. Pure."""

Problem = tuple[str, str]  # field of the model's file, sentence


def is_count(value: object) -> bool:
    """Tell whether this is a whole number of at least one."""
    return isinstance(value, int) and not isinstance(value, bool) and value > 0

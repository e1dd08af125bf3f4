"""Tags of the pages of staff."""

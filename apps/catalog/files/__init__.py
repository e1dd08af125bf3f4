"""The catalogue's data files, read and checked completely before anyone uses a word of them. No database."""

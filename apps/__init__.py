"""Everything Easel does, an app a concern; the layers stand in pyproject.toml and are checked there."""

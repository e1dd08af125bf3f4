"""Real servers for tests and benchmarks: the one the environment names, else one found here, else one started here."""


class NoServer(Exception):
    """None could be found or started; says how to get one."""

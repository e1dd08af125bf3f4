"""The library: pictures in, looked into, stored, and shown."""

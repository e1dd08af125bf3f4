"""The test suite: a folder an app, journeys through the whole, and checks on the code itself."""

"""One command that runs everything: broker, web, worker and clock as children that never outlive it."""

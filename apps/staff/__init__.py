"""HTTP and commands for those who run the installation."""

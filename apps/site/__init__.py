"""HTTP for everyone: pages about what is sold, at which price, and how to choose. No account is needed."""

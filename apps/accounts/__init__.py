"""Who is there: people, workspaces, memberships, API keys, and what each may do. Imports the base modules alone."""

"""HTTP for makers: pages as plain HTML that htmx refreshes in parts."""

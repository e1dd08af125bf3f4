"""Who runs a job: one small adapter a provider, in plain Python. Imports outbound and nothing else of ours."""

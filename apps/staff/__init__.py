"""HTTP and commands for those who run the installation: Django's admin, with pages of ours inside it.

A page reads rows of any app; whatever it changes goes through a function that checks it and notes who did it.
"""

"""Composition: environment, settings, routes, Celery. Nothing in apps/ imports it."""

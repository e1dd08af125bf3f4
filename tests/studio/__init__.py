"""Tests of apps.studio."""

"""Tests of apps.site."""

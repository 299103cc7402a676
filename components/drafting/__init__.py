"""Drafts of specs, from a look at a model and at data."""

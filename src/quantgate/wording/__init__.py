"""Figures and verdicts in words: one wording for decisions, errors and reports."""

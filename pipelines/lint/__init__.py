"""Rules over any compiled pipeline."""

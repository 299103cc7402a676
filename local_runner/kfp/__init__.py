"""KFP's local runners as an alternative engine."""

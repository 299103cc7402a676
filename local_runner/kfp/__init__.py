"""KFP's own local runners as an alternative engine."""

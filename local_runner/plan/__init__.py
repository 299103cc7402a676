"""The tasks that a run would start, from the pipeline and its arguments. Starts nothing."""

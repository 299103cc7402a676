"""Build the KFP graph of a plan, as a pipeline or as a task of another pipeline."""

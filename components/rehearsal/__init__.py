"""Check local data and metrics against a model's signatures before a run, without TensorFlow."""

"""One task: launcher contract, retries, cached or run."""

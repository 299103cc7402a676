"""Record the ranges of tensors on a shard of the calibration set."""

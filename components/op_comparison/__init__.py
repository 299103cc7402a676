"""The comparison of a quantized model with its float model, op by op."""

"""Convert the float model without quantization, as the baseline of all candidates."""

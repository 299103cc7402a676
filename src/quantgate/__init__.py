"""Post-training quantization of TensorFlow models for LiteRT: declared, measured and gated."""

__version__ = "0.1.0"

"""Score the outputs of a .tflite on a shard of the samples."""

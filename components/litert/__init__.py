"""A .tflite model: its flatbuffer, operators, conformity and interpreter."""

"""From TensorFlow to .tflite."""

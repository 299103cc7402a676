"""The components. Each has a folder with a typed KFP interface and the work behind it."""

import os

# Must be set before the first import of TensorFlow. Its C++ notices would bury a task's own log.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

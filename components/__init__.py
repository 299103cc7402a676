"""The components: one room each, with a typed KFP interface and the work behind it."""

import os

# Before TensorFlow is first imported: its C++ notices would bury the reasons in a task's log.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

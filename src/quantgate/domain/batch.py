"""The batch size of converted models."""

#: The size of a batch dimension that is free.
FREE = -1
#: One sample at a time, for all signatures.
ONE = "1"
#: Any number of samples, for all signatures.
DYNAMIC = "dynamic"
#: One sample at a time for signatures with a free batch size. Others keep theirs.
ONE_IF_FREE = "1 if free"
#: The batch size of the SavedModel.
AS_EXPORTED = ""

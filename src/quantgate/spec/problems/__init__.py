"""Problems of a spec, their positions, and the parts of their messages."""

"""Tools that any package may use: hashes, atomic writes, storage access, compiled pipelines."""

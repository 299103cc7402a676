"""Tools that any room may use: hashing, atomic writes, compiled pipelines as YAML."""

"""Code that several verbs share: arguments, connection, error handling, outcome of a run."""

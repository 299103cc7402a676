"""Code that several verbs share: arguments, connection, error guard, conclusion."""

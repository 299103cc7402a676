"""From YAML text to a `Spec`, or to every error in it."""

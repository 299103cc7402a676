"""Hash the content of an imported artifact, so that its tasks run again when it changes."""

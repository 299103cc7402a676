"""List the files of a source, so that its tasks run again when one of them changes."""

"""A whole run: its tasks in order, the dry run, the event loop and Ctrl-C."""

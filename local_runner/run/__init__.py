"""A whole run: graph, dry run, event loop, interruption."""

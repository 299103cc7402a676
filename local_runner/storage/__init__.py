"""Downloads from storage: fetched in a child process, verified, and kept by content."""

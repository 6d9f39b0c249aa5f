"""One running process: its listeners, its start and shutdown, its metrics."""

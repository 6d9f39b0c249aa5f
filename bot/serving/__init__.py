"""One process at work: its doors, its beginning and end, its numbers."""

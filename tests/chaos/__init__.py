"""Everything that can be killed is killed, and nothing a person said may be lost, doubled or left hanging."""

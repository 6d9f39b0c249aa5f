"""The models people can pick: where they come from, what is known about them, what they cost."""

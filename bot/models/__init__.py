"""The models people can pick: their sources, their facts, their prices."""

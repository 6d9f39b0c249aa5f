"""How many examples a property is tried with: few enough for every run, and more where somebody asks for them.

TEST_EXAMPLES=20 .venv/bin/python -m pytest tests/slack/test_rendering.py
"""

import os

TIMES = int(os.environ.get("TEST_EXAMPLES", "1"))


def examples(usual: int) -> int:
    return usual * TIMES

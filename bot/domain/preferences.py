"""The models people picked, by scope."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPreferences:
    """The choices in force for one event: catalogue names, "" where nothing was chosen."""

    thread: str = ""
    person: str = ""
    channel: str = ""
    workspace: str = ""

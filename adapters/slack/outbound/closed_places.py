"""The places of one workspace that refused the bot lately."""

MOST = 1_000


class ClosedPlaces:
    """Channels, the newest refusals. In those an answer's message is opened before a model is asked and paid. It is opened
    there first all the same: the bot may have been let in since.
    """

    def __init__(self) -> None:
        self._channels: dict[str, None] = {}

    def __contains__(self, channel: str) -> bool:
        return channel in self._channels

    def add(self, channel: str) -> None:
        self._channels.pop(channel, None)
        self._channels[channel] = None
        if len(self._channels) > MOST:
            del self._channels[next(iter(self._channels))]

    def open_again(self, channel: str) -> None:
        self._channels.pop(channel, None)

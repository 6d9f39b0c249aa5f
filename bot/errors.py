"""Everything that can go wrong, as one tree. Each says what the person is told, whether the same thing may be
tried again, and whether another model may step in.

    SwitchboardError
      SettingsError          the operator's configuration; stops the start and names the remedy
      StorageUnavailable     Redis cannot be reached; the platform is answered 503 and sends again
      Fenced                 another worker has taken this turn over; stop touching it
      PlatformError          Slack or Teams refused a call
        PlatformBusy         ... because of a rate limit or an outage: try later
        PlatformGone         ... for good: the channel, the message or the permission is gone
      ModelError             no answer from a model
        Quota RateLimit Overloaded Unavailable ServerError Timeout Connection Auth ModelNotFound
        ContextTooLong Filtered Rejected
"""

from typing import ClassVar


class SwitchboardError(Exception):
    """The root: nothing else in the project derives from Exception directly."""


class SettingsError(SwitchboardError):
    """Says which key is wrong, why, and what to write instead. Its text is shown to the operator."""


class StorageUnavailable(SwitchboardError):
    """Redis did not take it. Nothing was acknowledged."""


class Fenced(SwitchboardError):
    """The claim is no longer ours. The work goes on elsewhere; this worker must not say anything more."""


class PlatformError(SwitchboardError):
    """A chat platform refused a call. `code` is the platform's own word for it."""

    def __init__(self, message: str, *, code: str = "", retry_after: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after = retry_after


class PlatformBusy(PlatformError):
    """Try again after `retry_after` seconds, or after a pause of your own when it is None."""


class PlatformGone(PlatformError):
    """There is nowhere to answer any more. The turn ends without being shown."""


class ModelError(SwitchboardError):
    """A model did not answer. The text is for the log, scrubbed and capped; people see `told`.

    `retry`: the same request may be sent again, before the first visible piece only.
    `failover`: another model may answer instead.
    `operator`: somebody who runs Switchboard has to act.
    `status` is the HTTP status if there was one; `code` the vendor's own word for the case.
    """

    told: ClassVar[str] = "{model} did not answer."
    retry: ClassVar[bool] = False
    failover: ClassVar[bool] = False
    operator: ClassVar[bool] = False

    def __init__(
        self,
        message: str = "",
        *,
        status: int | None = None,
        code: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after = retry_after

    def tell(self, model: str) -> str:
        """One line for the person: what happened to this model and what to do."""
        return self.told.format(model=model)


class Quota(ModelError):
    told = "{model}'s account has no credit left. Pick another model with /model; the operator has been told."
    failover = True
    operator = True


class RateLimit(ModelError):
    told = "{model} is getting too many requests. Try again in a minute, or pick another model with /model."
    retry = True
    failover = True


class Overloaded(ModelError):
    told = "{model} is overloaded. Try again in a minute, or pick another model with /model."
    retry = True
    failover = True


class Unavailable(ModelError):
    told = "{model} is not available right now. Try again in a minute, or pick another model with /model."
    retry = True
    failover = True


class ServerError(ModelError):
    told = "{model} had an error of its own. Try again, or pick another model with /model."
    retry = True
    failover = True


class Timeout(ModelError):
    told = "{model} took too long. Try again, or pick another model with /model."
    retry = True
    failover = True


class Connection(ModelError):
    told = "{model} could not be reached. Try again, or pick another model with /model."
    retry = True
    failover = True


class Auth(ModelError):
    told = "{model} refused Switchboard's key. Pick another model with /model; the operator has been told."
    failover = True
    operator = True


class ModelNotFound(ModelError):
    told = "{model} is not there any more under that name. Pick another model with /model; the operator has been told."
    failover = True
    operator = True


class ContextTooLong(ModelError):
    told = "This conversation is too long for {model}. Use /reset to start over, or pick a model with a larger window."
    failover = True


class Filtered(ModelError):
    told = "{model}'s content filter stopped this. Put the question differently and ask again."


class Rejected(ModelError):
    told = "{model} could not take this request. Put it differently, or pick another model with /model."

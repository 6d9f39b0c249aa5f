"""Everything that can go wrong, as one tree. Each says what the person is told, whether the same thing may be
tried again, and whether another model may step in.

    SwitchboardError
      SettingsError          the operator's configuration; stops the start and names the remedy
      StorageUnavailable     Redis cannot be reached; the platform is answered 503 and sends again
      Fenced                 another worker has taken this turn over; do nothing more to it
      PlatformError          Slack or Teams refused a call
        PlatformBusy         ... because of a rate limit or an outage: try later
          PlatformRefused    ... or because it refuses the bot's token, secret or rights, which can be mended
        PlatformGone         ... for good: the channel, the message or the person is gone
      ModelError             no answer from a model
        Quota RateLimit Overloaded Unavailable ServerError Timeout Connection (BrokeOff) ModelNotFound
        ContextTooLong Filtered
        Rejected
          FilesRefused       ... because of what is attached
            PicturesRefused (PicturesUnseen) DocumentsRefused
        Auth
          Forbidden          ... or something between, which does not say why
          RegionBlocked      ... which no better key would mend
        OverBudget         ... which was not even asked
"""

from typing import ClassVar


class SwitchboardError(Exception):
    """The root of the tree. Nothing else in the project derives from Exception directly."""


class SettingsError(SwitchboardError):
    """Says which key is wrong, why, and what to write instead. Its text is shown to the operator."""


class StorageUnavailable(SwitchboardError):
    """Redis did not store it. Nothing was acknowledged."""


class Fenced(SwitchboardError):
    """The claim was taken over by another worker, so this one must not show anything more."""


class PlatformError(SwitchboardError):
    """A chat platform refused a call. `code` is the platform's own word for it."""

    def __init__(self, message: str, *, code: str = "", retry_after: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after = retry_after


class PlatformBusy(PlatformError):
    """Try again after `retry_after` seconds, or after a pause of your own when it is None."""


class PlatformRefused(PlatformBusy):
    """The platform refuses the bot, for now: its token, its secret, its rights or its place in a channel. An
    operator mends that in minutes, so it is waited for as for an outage. `remedy` says how.
    """

    def __init__(self, message: str, *, code: str, remedy: str) -> None:
        super().__init__(message, code=code)
        self.remedy = remedy


class PlatformGone(PlatformError):
    """There is no place left to answer in. The turn ends without being shown."""


class ModelError(SwitchboardError):
    """A model did not answer. The text is for the log, scrubbed and capped; people see `tell`.

    `retry`: the same request may be sent again, before the first visible text only.
    `failover`: another model may answer instead.
    `operator`: somebody who runs Switchboard has to act; `mend` says how, in the log.
    `billed`: the vendor read the prompt, and charges for it.
    `doubtful`: it blames the account or the model, and may yet be the fault of this one question.
    `limit`: tokens that there would have been room for, if the vendor said.
    `status` is the HTTP status if there was one; `code` the vendor's own word for the case; `param` what of the request
    the vendor says it is about.
    """

    cause: ClassVar[str] = "did not answer"
    advice: ClassVar[str] = "Try again {when}, or pick another model with /model."
    retry: bool = False  # an instance may override it: some vendors say whether to try again
    failover: ClassVar[bool] = False
    operator: ClassVar[bool] = False
    mend: ClassVar[str] = ""
    billed: ClassVar[bool] = False

    def __init__(
        self,
        message: str = "",
        *,
        status: int | None = None,
        code: str = "",
        param: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.param = param
        self.retry_after = retry_after
        self.doubtful = False
        self.limit: int | None = None

    def tell(self, model: str) -> str:
        """What happened to this model and what to do, in one line for the person."""
        return f"{model} {self.cause}. {self.remedy()}"

    def remedy(self) -> str:
        """What to do about it, for the person."""
        return self.advice.format(when=_when(self.retry_after or 0))


class Quota(ModelError):
    cause = "has no credit left"
    advice = "Pick another model with /model; whoever runs Switchboard has to top up the account."
    failover = True
    operator = True
    mend = "top up the account in the vendor's console, or raise its limit there"


class RateLimit(ModelError):
    cause = "is getting too many requests"
    retry = True
    failover = True


class Overloaded(ModelError):
    cause = "is overloaded"
    retry = True
    failover = True


class Unavailable(ModelError):
    cause = "is not available right now"
    retry = True
    failover = True


class ServerError(ModelError):
    cause = "had an error of its own"
    retry = True
    failover = True


class Timeout(ModelError):
    cause = "took too long"
    retry = True
    failover = True
    billed = True


class Connection(ModelError):
    cause = "could not be reached"
    retry = True
    failover = True


class BrokeOff(Connection):
    """The vendor took the request and ended its answer before the first word. Own servers do that when a prompt is
    longer than their window.
    """

    cause = "ended its answer before the first word"
    advice = "Try again {when}, or pick another model with /model. If the conversation is long, start over with /reset."


class Auth(ModelError):
    cause = "refused Switchboard's key"
    advice = (
        "Pick another model with /model; whoever runs Switchboard can find the reason with switchboard check."
    )
    failover = True
    operator = True
    mend = "check the key, and what it may do: switchboard check"
    key = ""  # the variable that holds it, where that is known

    def remedy(self) -> str:
        if not self.key:
            return super().remedy()
        act = f"lets {self.key} use it" if self.status == 403 else f"replaces {self.key}"
        return f"Pick another model with /model; whoever runs Switchboard {act}."


class Forbidden(Auth):
    """A 403 without words that say whose fault it is: the key may be good."""

    cause = "refused access"
    mend = "check what the key may do, and what stands between here and the vendor: switchboard check"


class RegionBlocked(Auth):
    cause = "does not answer from where Switchboard runs"
    mend = "allow this network at the vendor, or use a region that it serves"

    def remedy(self) -> str:
        return self.advice


class ModelNotFound(ModelError):
    cause = "is not there any more under that name"
    advice = (
        "Pick another model with /model; whoever runs Switchboard can find the reason with switchboard check."
    )
    failover = True
    operator = True
    mend = "check the model's name, its address and its dialect: switchboard check"


class ContextTooLong(ModelError):
    cause = "cannot take in a conversation this long"
    advice = "Start over with /reset, or pick a model with a larger window with /model."
    failover = True


class Filtered(ModelError):
    cause = "did not answer because of a content filter"
    advice = "Put the question differently and ask again."
    billed = True


class Rejected(ModelError):
    cause = "refused the request"
    advice = (
        "Ask again, or pick another model with /model; whoever runs Switchboard finds the reason in its log."
    )
    failover = True


class FilesRefused(Rejected):
    """The vendor blames a file of the prompt."""

    cause = "would not take what is attached"
    advice = "Ask again without the files, or pick another model with /model."


class PicturesRefused(FilesRefused):
    """... a picture: too large, damaged, of a kind it does not know, or one too many."""

    cause = "would not take a picture"
    advice = "Ask again without it or with a smaller PNG or JPEG, or pick another model with /model."


class PicturesUnseen(PicturesRefused):
    """... any picture: this model sees none."""

    cause = "cannot see pictures"
    advice = "Ask again without them, or pick another model with /model."


class DocumentsRefused(FilesRefused):
    """... a PDF: locked, damaged, or with too many pages."""

    cause = "would not take a PDF"
    advice = (
        "Ask again without it, with fewer pages or without its password, or pick another model with /model."
    )


class OverBudget(ModelError):
    """The model was not asked. The text says which budget is in the way; it is for people."""

    cause = "would cost more than is left of a budget"
    failover = True

    def tell(self, model: str) -> str:
        return f"{model} was not asked. {self}"


def _when(seconds: float) -> str:
    """A wait in words, rounded to what a vendor's number is worth."""
    if seconds <= 90:
        return "in a minute"
    if seconds <= 5_400:
        return f"in {seconds / 60:.0f} minutes"
    return f"in {seconds / 3_600:.0f} hours" if seconds <= 86_400 else "tomorrow"


def cause_of(name: str) -> str:
    """What a kind of ModelError means, by its class name in lower case (as health keeps it)."""
    kinds: list[type[ModelError]] = [
        *ModelError.__subclasses__(),
        *(BrokeOff, Forbidden, RegionBlocked),
        *(FilesRefused, PicturesRefused, PicturesUnseen, DocumentsRefused),
    ]
    return next((kind for kind in kinds if kind.__name__.lower() == name), ModelError).cause


def root_cause(error: Exception) -> Exception:
    """The one error inside an ExceptionGroup that a TaskGroup has wrapped around it."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error

"""How often one model is asked for one answer, and what is otherwise the second time."""

from dataclasses import dataclass

from bot.answers.left_out import FilesLeftOut, left_out, reason_of, suspects
from bot.domain.catalog import Model
from bot.domain.errors import BrokeOff, ContextTooLong, ModelError, Timeout
from bot.domain.prompt import ANSWER_PART, Prompt

LONGEST_WAIT = 10.0  # seconds to wait for the same model; if it asks for more, another one is faster
FULL_SHARE = 0.85  # of the window; estimates are off by up to a third
SMALL_SHARE = 0.4  # after what may be too long a prompt: the estimate was too low, and there is one more try
LIMIT_SHARE = 0.6  # of what the vendor said there is room for: the answer needs some of it


@dataclass(slots=True)
class Tries:
    """How one model is asked: once without files that it may have refused, and once more where that may help."""

    model: Model
    share: float = FULL_SHARE
    most: int | None = None
    last: bool = False
    gone: FilesLeftOut | None = None

    def again_in(self, error: ModelError, prompt: Prompt) -> float | None:
        """Seconds until it is asked again; None: it is not."""
        if self.gone is None and (files := suspects(error, prompt)):
            self.gone = left_out(self.model, prompt, files, reason_of(error, files))
            return 0.0
        wait = _pause_before_retry(error)
        if self.last or wait is None:
            return None
        self.last = True
        if isinstance(error, ContextTooLong | BrokeOff):
            self.share = _room(error, self.model)
        self.most = _most(error, self.model) if isinstance(error, ContextTooLong) else None
        return wait


def _room(error: ModelError, model: Model) -> float:
    """The share of the window for the second try. A vendor's own limit is less than what is known of the window where
    a server was started with a smaller one, or where a minute's tokens are fewer.
    """
    return min(SMALL_SHARE, LIMIT_SHARE * error.limit / model.context) if error.limit else SMALL_SHARE


def _most(error: ModelError, model: Model) -> int | None:
    """Tokens of the second try's answer, where an answer may be longer than what prompts leave free: one that may fill
    the window is refused whatever is asked. Some dialects always say how long it may be.
    """
    free = (error.limit or model.context) // ANSWER_PART
    return free if (model.limit or model.max_output) > free else None


def _pause_before_retry(error: ModelError) -> float | None:
    """Seconds until the same model is asked again; None: do not ask it again."""
    if isinstance(error, ContextTooLong):
        return 0.0
    # After a Timeout the person has waited for the whole deadline already.
    if not error.retry or isinstance(error, Timeout):
        return None
    wait = 1.0 if error.retry_after is None else error.retry_after
    return wait if wait <= LONGEST_WAIT else None

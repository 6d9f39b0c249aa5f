"""Log lines about turns. Ids only, never text that people wrote."""

import logging

from bot.domain.claims import Claim
from bot.domain.errors import PlatformBusy, PlatformGone, StorageUnavailable
from bot.interceptor import Ending, EndingKind, Interceptor

log = logging.getLogger(__name__)


class TurnLog(Interceptor):
    """One line for every turn that did not simply succeed."""

    def ended(self, claim: Claim, ending: Ending) -> None:
        about = {
            "conversation": claim.queue_entry.conversation,
            "turn": claim.record.id,
            "event": claim.event.id,
        }
        error = ending.error
        if ending.kind in {EndingKind.RETRIED, EndingKind.BURIED} and error and not _passing(error):
            log.error("turn failed", extra=about, exc_info=error)
        match ending.kind:
            case EndingKind.DONE if isinstance(error, PlatformGone):
                channel = claim.event.thread.channel
                log.warning("nowhere to answer", extra={**about, "channel": channel, "code": error.code})
            case EndingKind.RETRIED if error and _passing(error):
                log.info("turn put off", extra={**about, "why": str(error), "seconds": ending.seconds})
            case EndingKind.BURIED:
                log.error("event given up", extra={**about, "why": ending.why})
            case EndingKind.FENCED:
                log.info("turn went on elsewhere", extra=about)
            case EndingKind.LEFT if error is None or isinstance(error, StorageUnavailable):
                log.warning("turn left to be taken over", extra={**about, "why": str(error or "cancelled")})
            case EndingKind.LEFT:
                log.error("turn left to be taken over", extra=about, exc_info=error)
            case _:
                pass


def _passing(error: Exception) -> bool:
    return isinstance(error, PlatformBusy | StorageUnavailable)

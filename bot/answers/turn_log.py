"""Log lines about turns. Ids only, never text that people wrote."""

import logging

from bot.domain.claims import Claim
from bot.domain.errors import PlatformBusy, PlatformGone, StorageUnavailable
from bot.interceptor import Ending, How, Interceptor

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
        if ending.how in {How.RETRIED, How.BURIED} and error and not _passing(error):
            log.error("turn failed", extra=about, exc_info=error)
        match ending.how:
            case How.DONE if isinstance(error, PlatformGone):
                log.info("nowhere to answer", extra={**about, "code": error.code})
            case How.RETRIED if error and _passing(error):
                log.info("turn put off", extra={**about, "why": str(error), "seconds": ending.seconds})
            case How.BURIED:
                log.error("event given up", extra={**about, "why": ending.why})
            case How.FENCED:
                log.info("turn went on elsewhere", extra=about)
            case How.LEFT if isinstance(error, StorageUnavailable):
                log.warning("turn left to be taken over", extra={**about, "why": str(error)})
            case How.LEFT:
                log.error("turn left to be taken over", extra=about, exc_info=error)
            case _:
                pass


def _passing(error: Exception) -> bool:
    return isinstance(error, PlatformBusy | StorageUnavailable)

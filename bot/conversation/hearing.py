"""What the bot answers, and what it only remembers as what was said between two questions. Pure.

It answers whoever addresses it. In a thread that it takes part in it also answers what is likely to be for it: not
what people say to each other, not thanks, and nothing after it was muted.
"""

import re
from collections.abc import Sequence
from enum import StrEnum

from bot import policy as policies
from bot.domain.claims import Claim
from bot.domain.events import MessageReceived
from bot.domain.turns import BRANCHED, MARKS, MUTED, Turn
from bot.settings.config_file import Policy

HOPS = 3  # answers to apps in one thread since a person last asked: two bots could talk for ever
ACKNOWLEDGEMENTS = frozenset(
    words.strip()
    for words in """
    thanks|thank you|thank you so much|thanks a lot|thanks all|many thanks|thx|tnx|ty|tysm|cheers|ta|much appreciated
    ok|okay|okey|k|kk|oki|ok thanks|okay thanks|ok thank you|alright|all right|got it|understood|roger|noted|ack|will do|done
    yes|yep|yeah|yup|no|nope|sure|right|exactly|agreed|agree|same|true|indeed|fine|good|great|nice|cool|awesome|perfect
    excellent|amazing|wow|lol|lmao|rofl|haha|hahaha|hehe|hm|hmm|ah|oh|aha|oops|sorry|np|no problem|no worries|welcome
    you are welcome|you're welcome|sounds good|looks good|makes sense|good point|nice one|well done|good job|great job
    lgtm|wfm|sgtm|+1|-1|me too|hi|hello|hey|hi all|hello all|good morning|morning|bye|see you|good night
    danke|danke dir|danke schön|vielen dank|alles klar|ja|nein|genau|super|passt|verstanden|gut|prima|toll
    merci|merci beaucoup|d'accord|oui|non|parfait|génial|super merci|gracias|muchas gracias|vale|sí|si|perfecto|de acuerdo
    grazie|grazie mille|va bene|perfetto|obrigado|obrigada|beleza|certo|dank je|dank je wel|bedankt|top|prima
    tack|takk|tak|kiitos|dzięki|dziękuję|děkuji|díky|спасибо|ок|хорошо|да|нет|дякую|ευχαριστώ|teşekkürler|tamam
    谢谢|好的|好|明白|收到|ありがとう|ありがとうございます|了解|はい|감사합니다|고마워|네|شكرا|תודה|धन्यवाद
    """.replace("\n", "|").split("|")
)
TOLD = MARKS - {BRANCHED}
LONGEST = 60  # characters of an acknowledgement
EMOJI = re.compile(r":[a-z0-9_+'-]{1,60}:(?::skin-tone-[2-6]:)?", re.IGNORECASE)
NOT_WORDS = re.compile(r"[^\w'+-]+")
BLANKS = re.compile(r"\s+")


class Hearing(StrEnum):
    """What becomes of a message."""

    ANSWER = "answer"
    REMEMBER = "remember"  # the next question shows it to the model
    IGNORE = "ignore"


def hearing(event: MessageReceived, claim: Claim, policy: Policy) -> Hearing:
    """What becomes of this message in its conversation."""
    otherwise = Hearing.REMEMBER if event.threaded or claim.history.exists else Hearing.IGNORE
    if event.author.app and not _may_ask(event, claim, policy):
        return otherwise
    if event.addressed:
        return Hearing.ANSWER
    follows = (
        event.threaded
        and policies.follows(policy, event.thread)
        and not event.others
        and not muted(claim.history.record)
    )
    return Hearing.ANSWER if follows and not _only_thanks(event, claim.history.record) else otherwise


def tells(event: MessageReceived, newest: Sequence[Turn]) -> bool:
    """Whether `hearing` needs no older turns than these."""
    if event.author.app and event.addressed:
        return any(turn.is_question and not turn.asked.author.app for turn in newest)
    if event.addressed or event.author.app or event.others or not event.threaded:
        return True
    return knows_muted(newest) and not _only_thanks(event, newest)


def knows_muted(newest: Sequence[Turn]) -> bool:
    """Whether `muted` needs no older turns than these."""
    return any(map(_speaks, newest))


def muted(record: Sequence[Turn]) -> bool:
    """Whether the bot was told to be silent, and nobody has mentioned it since."""
    return next((turn.reason for turn in reversed(record) if _speaks(turn)), "") == MUTED


def _speaks(turn: Turn) -> bool:
    """Whether it is something that was said to the bot: what is only pressed brings its place in the tree."""
    return turn.reason in TOLD or (turn.is_question and not turn.parent)


def acknowledges(text: str) -> bool:
    """Whether a text is bare thanks, agreement, a greeting or a laugh, as words or as emoji."""
    if len(text) > LONGEST or "?" in text:
        return False
    words = (
        BLANKS.sub(" ", NOT_WORDS.sub(" ", EMOJI.sub(" ", text.replace("\u2019", "'")))).strip().casefold()
    )
    return not words.strip("'+-_ ") or words in ACKNOWLEDGEMENTS


def _may_ask(event: MessageReceived, claim: Claim, policy: Policy) -> bool:
    """An app asks only by a mention, where the operator lists it, and not without end."""
    hops = 0
    for turn in reversed(claim.history.record):
        if turn.is_question and not turn.asked.author.app:
            break
        hops += turn.is_question and not turn.parent
    return event.addressed and policies.app_may_ask(policy, event.author.id) and hops < HOPS


def _only_thanks(event: MessageReceived, record: Sequence[Turn]) -> bool:
    """Whether somebody thanks, or agrees, who never asked: it is for other people."""
    asked = any(turn.is_question and turn.asked.author.id == event.author.id for turn in record)
    return not asked and _bare(event)


def _bare(event: MessageReceived) -> bool:
    return not event.files and not event.quotes and acknowledges(event.text)

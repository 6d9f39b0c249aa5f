"""What a vendor says of an error, for the operator's log, without what people wrote.

Vendors echo prompts in what they refuse: in quotes, as JSON, cut short, and now and then as they are. So three things are
left out: whatever stands in quotes or brackets, every run of words that the prompt holds too (shorter ones where it was
asked last), and all after a length that no vendor needs to say what is wrong. What remains is the vendor's own sentence;
keys are gone from it before (`providers.scrubbing.scrubbed`). Of a prompt too long to be compared nothing remains but
the request's id.
"""

import re

from bot.domain.prompt import CallPart, Part, Prompt, ResultPart, TextPart

LONGEST = 240  # characters
RUN = 3  # words in a row that are no coincidence; of a short question, one less
SHORT = 2_000  # characters
MOST = 300_000  # characters of a prompt that are compared: it takes 20 ms, in which nobody else is served
TELLING = re.compile(r"(?=.*[\d@])\S{5,}")  # a number, an address, a password: one such word is enough
LEFT_OUT = "\u2026"
WORDS = bytes(sign if sign > 127 or chr(sign).isalnum() else 32 for sign in range(256))
QUOTED = re.compile(
    r"\"[^\"]*(?:\"|$)|(?<!\w)'.*?(?:'(?!\w)|$)|`[^`]*(?:`|$)|\u201c[^\u201d]*(?:\u201d|$)|\u00ab[^\u00bb]*(?:\u00bb|$)"
    r"|\{.*?(?:\}|$)|\[.*?(?:\]|$)|<[^>]*(?:>|$)",
    re.DOTALL,
)


def without_echoes(said: str, prompt: Prompt) -> str:
    """One line, capped; each run of a vendor's words that the prompt holds too is one "\u2026". The request's id stays."""
    said, request, id = said.partition(" [request ")
    words = QUOTED.sub(LEFT_OUT, said)[:LONGEST].split()
    texts = [prompt.system, *(_text(part) for each in prompt.messages for part in each.parts)]
    if sum(map(len, texts)) > MOST:
        return LEFT_OUT + request + id
    everything, question = _spaced(" ".join(texts)), _spaced(texts[-1][:SHORT])
    echoed: set[int] = set()
    for at, word in enumerate(words):
        for size, within in ((RUN, everything), (RUN - 1, question)):
            if len(run := words[at : at + size]) == size and _spaced(" ".join(run)) in within:
                echoed.update(range(at, at + size))
        if _spaced(word) == question or (TELLING.fullmatch(word) and _spaced(word).strip() in everything):
            echoed.add(at)
    kept = (LEFT_OUT if at in echoed else word for at, word in enumerate(words))
    return re.sub(rf"{LEFT_OUT}(?:\W*{LEFT_OUT})+", LEFT_OUT, " ".join(kept)) + request + id


def _spaced(text: str) -> bytes:
    """Words alone, each between blanks: vendors echo prompts with other marks around them."""
    return b" %b " % b" ".join(text.casefold().encode("utf-8", "replace").translate(WORDS).split())


def _text(part: Part) -> str:
    match part:
        case TextPart(text=text) | ResultPart(text=text):
            return text
        case CallPart(args=args):
            return args
        case _:
            return part.name

"""What a person reads of how an answer ended."""

from bot.domain.generated import ALL_BYTES, MOST_FILES

GO_ON = "Press Continue to go on, or ask another model."
BROKE_OFF = f"The answer broke off. {GO_ON}"
UNUSUAL = f"{{model}} ended unusually ({{word}}). {GO_ON}"
PAUSED = "{model} paused. Press Continue to go on."
STOPPED = "Stopped."
TOO_LONG = "The answer reached the length limit. Press Continue to go on."
ALL_THOUGHT = (
    "{model} used its whole output limit for thinking. Ask again, or pick another model with /model."
)
FILTERED = "stopped because of a content filter."
UNSEARCHED = "it chose not to search the web"
UNSHOWN = "A picture of it cannot be shown, because it {trouble}."
EXHAUSTED = (
    "{model} called tools again and again without coming to an end. Ask for less, or ask another model."
)
EMPTY = "{model} gave an empty answer. Ask again, or pick another model with /model."
TOO_MANY = f"An answer brings {MOST_FILES} files at most, {ALL_BYTES // 1_000_000} MB together; the others are left out."

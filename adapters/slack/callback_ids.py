"""The names of our own controls, as Slack hands them back: written where they are shown, read where they are pressed."""

VOTE = "vote"  # action_id of the thumbs that Slack itself shows
ASK = "ask_about_message"  # callback_id of the message shortcut and of its dialogue
REASON = "vote_reason"  # callback_id of the question why an answer was bad

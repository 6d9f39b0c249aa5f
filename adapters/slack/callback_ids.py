"""The ids of the bot's own controls, as Slack returns them: written when shown, read when pressed."""

VOTE = "vote"  # action_id of Slack's own feedback buttons
ASK = "ask_about_message"  # callback_id of the message shortcut and of its modal
REASON = "vote_reason"  # callback_id of the modal that asks why an answer was bad
FORM = "fill_form"  # callback_id of the modal that shows a form
FIND = ".find."  # in the action_id of a menu that finds: behind it is what its options' values begin with
ORIGIN = "of"  # begins the block_id of controls that belong to another conversation than their message

"""A Slack on loopback that is as strict as the real one where it matters to us.

It keeps workspaces, channels and messages, enforces the documented limits and rate limits on a clock of the
test's choosing, runs the life of streamed messages, delivers signed events with twins and retries, and tells what
a person would see. It runs inside a test or as a process of its own: `python -m tests.slack.fake --help`.

    world.py    workspaces, people, channels, messages, and every call that was made
    api.py      the Web API over HTTP: wire forms, tokens, scopes, rate limits, faults
    chat.py streams.py talk.py uploads.py views.py oauth.py   the methods
    blocks.py   the documented limits of Block Kit
    events.py   the payloads Slack sends      delivery.py  over HTTP      socket.py  over Socket Mode
    reading.py  a message as a person sees it
"""

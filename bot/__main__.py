"""The command line: `switchboard`, or `python -m bot` from a checkout."""

import argparse
import logging
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import uvloop

from bot import VERSION, app, platforms
from bot.domain.errors import SettingsError
from bot.serving.logging import configure
from bot.settings import settings

log = logging.getLogger(__name__)

Command = Callable[[settings.Settings], Coroutine[Any, Any, int]]

MANUAL = """\
Puts every AI model your company uses into the chat it already uses.

Settings come from the environment, .env and switchboard.toml; see .env.example and the README.
With nothing set, `switchboard` serves a page on http://127.0.0.1:3978/ with a demo model.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0 well, 1 something is wrong out there, 2 something is wrong in the settings."""
    chosen = parser().parse_args(arguments)
    try:
        return int(chosen.command(chosen))
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        return _explain(_cause(error))


def _explain(error: Exception) -> int:
    if isinstance(error, SettingsError):
        listed = "\n".join(f"  - {line}" for line in str(error).splitlines())
        sys.stderr.write(f"Change this, please:\n{listed}\n")
        return 2
    log.error("stopped by a fault", exc_info=error)
    return 1


def _cause(error: Exception) -> Exception:
    """What really happened, where a TaskGroup has wrapped it."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(
        prog="switchboard", description=MANUAL, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    root.add_argument("--version", action="version", version=f"Switchboard {VERSION}")
    root.set_defaults(command=_with_settings(app.run))
    commands = root.add_subparsers(title="commands", metavar="COMMAND")
    for name, text, command in (
        ("run", "serve Slack, Teams and the page (the default)", app.run),
        ("chat", "talk in the terminal, or pipe one question in", app.chat),
        ("check", "say what is wrong with the settings, Redis and the vendors, and what to type", app.check),
        ("models", "list the models people can pick", app.models),
    ):
        one = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        one.set_defaults(command=_with_settings(command))
    _manifest(commands.add_parser("manifest", help="print what Slack or Teams wants to be given"))
    return root


def _manifest(root: argparse.ArgumentParser) -> None:
    kinds = root.add_subparsers(title="platforms", metavar="PLATFORM", required=True)
    slack = kinds.add_parser("slack", help="the app's manifest, as YAML")
    slack.add_argument("--host", default="", help="public host name; without it, the Socket Mode variant")
    slack.add_argument("--out", type=Path, help="file to write; without it, the terminal")
    slack.set_defaults(
        command=lambda chosen: _write(platforms.slack_manifest(host=chosen.host).encode(), chosen.out)
    )
    teams = kinds.add_parser("teams", help="the app package, as a zip file")
    teams.add_argument("--app-id", required=True, help="the bot's Microsoft App ID (TEAMS_APP_ID)")
    teams.add_argument("--host", required=True, help="public host name of this Switchboard")
    teams.add_argument("--out", type=Path, default=Path("switchboard-teams.zip"), help="file to write")
    teams.set_defaults(
        command=lambda chosen: _write(
            platforms.teams_package(app_id=chosen.app_id, host=chosen.host), chosen.out
        )
    )


def _write(content: bytes, out: Path | None) -> int:
    if out is None:
        sys.stdout.write(content.decode())
    else:
        try:
            out.write_bytes(content)
        except OSError as error:
            raise SettingsError(
                f"--out {out} cannot be written ({error.strerror}). Write the path of a file."
            ) from error
        sys.stdout.write(f"{out}\n")
    return 0


def _with_settings(command: Command) -> Callable[[argparse.Namespace], int]:
    def run(_chosen: argparse.Namespace) -> int:
        found = settings.read_settings()
        configure(level=found.log_level, style=found.log_format, secrets=found.secrets())
        return uvloop.run(command(found))

    return run


if __name__ == "__main__":
    sys.exit(main())

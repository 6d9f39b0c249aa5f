"""The command line: `switchboard`, or `python -m bot` from a checkout."""

import argparse
import logging
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import uvloop

from bot import VERSION, app
from bot.domain.errors import SettingsError, root_cause
from bot.platforms import PLATFORMS, Manifest
from bot.serving.logging import configure
from bot.settings.settings import Settings

log = logging.getLogger(__name__)

Command = Callable[[Settings], Coroutine[Any, Any, int]]

MANUAL = """\
Puts every AI model your company uses into the chat it already uses.

Settings come from the environment, .env and switchboard.toml; see .env.example and the README.
With nothing set, `switchboard` serves a page on http://127.0.0.1:3978/ with a demo model, and prints its address.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0 success, 1 a failed check or service, 2 wrong settings."""
    chosen = parser().parse_args(arguments)
    try:
        return int(chosen.command(chosen))
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        return _explain(root_cause(error))


def _explain(error: Exception) -> int:
    if isinstance(error, SettingsError):
        listed = "\n".join(f"  - {line}" for line in str(error).splitlines())
        sys.stderr.write(f"Change this, please:\n{listed}\n")
        return 2
    log.error("stopped by a fault", exc_info=error)
    return 1


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
    _dead(commands.add_parser("dead", help="list what was given up, put it again, or drop it"))
    _manifest(commands.add_parser("manifest", help="print what Slack or Teams wants to be given"))
    return root


def _dead(root: argparse.ArgumentParser) -> None:
    actions = root.add_subparsers(title="actions", metavar="ACTION", required=True)
    for name, text in (
        ("list", "show what was given up, newest first; nobody's words are shown"),
        ("retry", "put it again, so that it is answered"),
        ("drop", "erase it"),
    ):
        one = actions.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        if name != "list":
            one.add_argument("ids", nargs="+", metavar="ID", help="an id of the list, or all")
        one.set_defaults(command=_giving(name))


def _giving(action: str) -> Callable[[argparse.Namespace], int]:
    def run(chosen: argparse.Namespace) -> int:
        wanted = getattr(chosen, "ids", [])
        return _with_settings(lambda settings: app.dead(settings, action, wanted))(chosen)

    return run


def _manifest(root: argparse.ArgumentParser) -> None:
    kinds = root.add_subparsers(title="platforms", metavar="PLATFORM", required=True)
    for platform in PLATFORMS:
        if manifest := platform.manifest:
            one = kinds.add_parser(platform.name, help=manifest.help)
            for argument in manifest.arguments:
                flag = f"--{argument.name.replace('_', '-')}"
                one.add_argument(flag, default="", required=argument.required, help=argument.help)
            default = Path(manifest.out) if manifest.out else None
            where = "file to write" if manifest.out else "file to write; without it, the terminal"
            one.add_argument("--out", type=Path, default=default, help=where)
            one.set_defaults(command=_writing(platform.package, manifest))


def _writing(package: str, manifest: Manifest) -> Callable[[argparse.Namespace], int]:
    def write(chosen: argparse.Namespace) -> int:
        given = {argument.name: getattr(chosen, argument.name) for argument in manifest.arguments}
        return _write(manifest.written(package, given), chosen.out)

    return write


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
        found = app.read_settings()
        configure(level=found.log_level, style=found.log_format, secrets=found.secrets())
        for hint in found.hints if command in {app.chat, app.models} else ():  # the others print them
            log.warning(hint)
        return uvloop.run(command(found))

    return run


if __name__ == "__main__":
    sys.exit(main())

"""The command line. One file per verb in ``verbs/``, imported only when it is used.

Exit codes follow sysexits.h: 0 success, 64 wrong usage, 65 invalid answer, 69 permanently unavailable, 70 a bug, 75 try
again later, 77 sign-in needed, 78 configuration error.
"""

from __future__ import annotations

import os
import pkgutil
import sys
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import click

from eink_monitor import __version__, places
from eink_monitor.errors import Trouble
from eink_monitor.nearest import nearest
from eink_monitor.verbs._terminal import legibly

_INTERRUPTED = 130


class _Verbs(click.Group):
    """The folder ``verbs/`` as a group of commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's interface
        folder = str(Path(__file__).parent / "verbs")
        return sorted(module.name for module in pkgutil.iter_modules([folder]) if module.name[0] != "_")

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = import_module(f"eink_monitor.verbs.{cmd_name}").command
        return command

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's interface
        try:
            code = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:  # somebody piped us into `head`
            return 0
        return code

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:  # noqa: ANN401 - click's interface
        if self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            near = nearest(args[0], self.list_commands(ctx))
            hint = f" Did you mean `{near}`?" if near else " Known: " + ", ".join(self.list_commands(ctx)) + "."
            ctx.fail(f"No verb `{args[0]}`.{hint}")
        return super().resolve_command(ctx, args)


_HELP = """An e-paper panel for your home that never shows an old figure as new.

\b
Try it without an account or hardware:
  eink-monitor demo

\b
Then set up what you have, or copy config.example.yaml to config.yaml, and:
  eink-monitor add          set up a source and its panel, step by step
  eink-monitor check        is the configuration right?
  eink-monitor poll home    poll one source now
  eink-monitor show         look at the panels in the terminal
  eink-monitor run          the daemon, until Ctrl-C

\b
Exit codes:
  0 success, 64 wrong usage, 65 invalid answer, 69 permanently unavailable,
  70 a bug, 75 try again later, 77 sign-in needed, 78 configuration error
"""


@click.command(cls=_Verbs, help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="eink-monitor")
def commands() -> None:
    """Nothing happens before the verb."""


def execute(words: list[str]) -> int:
    """Carry out one command line; returns its exit code and prints what went wrong in plain words."""
    with legibly():
        return _speak(words)


def _speak(words: list[str]) -> int:
    try:
        code = commands.main(words, prog_name="eink-monitor", standalone_mode=False)
    except SystemExit as leaving:  # click's way out of a closed pipe, and ours out of SIGTERM
        code = leaving.code
    except (click.Abort, KeyboardInterrupt):
        code = _INTERRUPTED
    except click.ClickException as error:
        error.show()
        code = os.EX_USAGE
    except Trouble as error:
        click.echo(places.sayable(error.in_full(), _configuration(words)), err=True)
        code = error.exit_code
    except OSError as error:
        click.echo(f"eink-monitor: {error.filename or 'standard output'} cannot be used: {error.strerror}", err=True)
        code = os.EX_TEMPFAIL
    except Exception:  # noqa: BLE001 - a bug: say where, and leave with its code
        import traceback  # noqa: PLC0415 - hopefully never

        click.echo(f"eink-monitor: this is a bug, please report it\n{traceback.format_exc()}", err=True)
        code = os.EX_SOFTWARE
    return code if isinstance(code, int) else 0


def _configuration(words: list[str]) -> Path | None:
    """The configuration that a command line names."""
    given = next((after for word, after in pairwise(words) if word in {"-c", "--config"}), "")
    return Path(given) if given else None

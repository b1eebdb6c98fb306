"""The group of commands; each command's module is imported when it is called."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

import click

from parquetframe.cli.exits import explain_exit_codes, quiet_broken_pipe, report
from parquetframe.cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["app", "run_app"]

# Name of the command: module that holds it as `command`, and its line in --help.
_COMMANDS = {
    "run": ("run", "Run a workflow file."),
    "validate": ("validate", "Check workflow files without running them."),
    "plan": ("plan", "Show what would run: order, fused groups, width."),
    "info": ("info", "Show schema, rows and size of a data file."),
    "head": ("head", "Show the first rows of a data file."),
    "backend": ("backend", "Tell which engine runs the work, and why."),
    "version": ("version", "Print the version."),
}


class _LazyGroup(click.Group):
    """A group that lists its commands without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of a user's day, not of the alphabet."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"parquetframe.cli.{_COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the nearest command when one is unknown."""
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], _COMMANDS, n=1)
            guess = f"did you mean '{near[0]}'? " if near else ""
            ctx.fail(f"no command '{args[0]}'; {guess}commands: {', '.join(_COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table above."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


def _print_version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        import parquetframe

        click.echo(f"pframe {parquetframe.__version__}")
        ctx.exit()


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=explain_exit_codes(),
    no_args_is_help=True,
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print the version.",
)
def app() -> None:
    """Declare a data workflow, tables and graphs alike, and run it in parallel.

    Results go to stdout, progress and errors to stderr.
    """


def run_app(args: Sequence[str] | None = None) -> int:
    """Run a command and turn whatever it raises into a text and an exit code."""
    import warnings

    session = Session()
    words = None if args is None else list(args)

    def show_warning(message: Warning | str, *_rest: Any, **_named: Any) -> None:
        session.note(f"warning: {message}")

    with warnings.catch_warnings():
        warnings.showwarning = show_warning
        try:
            code = app.main(args=words, prog_name="pframe", standalone_mode=False, obj=session)
            sys.stdout.flush()
        except BrokenPipeError:
            quiet_broken_pipe()
            return 1
        except click.exceptions.NoArgsIsHelpError as error:
            session.note(error.format_message())
            return error.exit_code
        except BaseException as error:  # the last boundary; exits.py sorts them
            if isinstance(error, SystemExit):
                raise
            return report(error, session)
    return code if isinstance(code, int) else 0

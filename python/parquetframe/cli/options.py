"""Options that several commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from parquetframe.cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from parquetframe.workflow import Workflow

__all__ = ["debug_option", "json_option", "pass_session", "read_variables", "set_option"]

Command = TypeVar("Command", bound="Callable[..., Any]")

pass_session = click.make_pass_decorator(Session, ensure=True)


def _switch(name: str) -> Callable[[click.Context, click.Parameter, bool], None]:
    def remember(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
        if value:
            setattr(ctx.ensure_object(Session), name, True)

    return remember


def debug_option(command: Command) -> Command:
    """``--debug``: show the traceback of an error."""
    option = click.option(
        "--debug",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_switch("debug"),
        help="Show the traceback of an error.",
    )
    return option(command)


def json_option(command: Command) -> Command:
    """``--json``: answer with exactly one JSON document on stdout."""
    option = click.option(
        "--json",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_switch("json"),
        help="Answer with exactly one JSON document on stdout.",
    )
    return option(command)


def set_option(command: Command) -> Command:
    """``--set key=value``, any number of times."""
    option = click.option(
        "--set",
        "assignments",
        multiple=True,
        metavar="KEY=VALUE",
        callback=_split,
        help="Set a variable of the workflow; may be repeated. The value is a YAML scalar.",
    )
    return option(command)


def _split(_ctx: click.Context, param: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    """``("year=2013", "out=here")`` as a mapping; a later one wins."""
    texts_by_name: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise click.BadParameter(f"'{text}' is not of the form key=value", param=param)
        texts_by_name[name.strip()] = value
    return texts_by_name


def read_variables(assignments: Mapping[str, str], workflow: Workflow) -> dict[str, Any]:
    """Values for the texts of ``--set``, read as YAML scalars.

    A variable that holds text keeps what was typed, so that ``--set zip=007`` is not the number 7.
    """
    from parquetframe.workflow.variables import parse_scalar

    section = workflow.to_dict().get("variables")
    declared = section if isinstance(section, dict) else {}
    return {
        name: text
        if _holds_text(declared.get(name)) and text.strip()[:1] not in ("'", '"')
        else parse_scalar(text)
        for name, text in assignments.items()
    }


def _holds_text(declaration: Any) -> bool:
    full = declaration if isinstance(declaration, dict) else {"default": declaration}
    kind = full.get("type")
    return kind in ("str", "date") or (kind is None and isinstance(full.get("default"), str))

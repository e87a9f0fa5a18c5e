"""Lays out the command line's help.

`-h` shows it in short, `--help` in full, with options in groups and examples at the end.
"""

import functools
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from shardmill.pipelines.cli.failure_reports import failure_reports

# Columns of the widest line, on wider terminals, too: longer lines are hard to read.
WIDEST = 120
# The groups of options, in the order in which they are shown; options without a group come first.
INPUT_OPTIONS = "Input options"
OUTPUT_OPTIONS = "Output options"
ENGINE_OPTIONS = "Engine options"
GLOBAL_OPTIONS = "Global options"
_OPTIONS = "Options"
_GROUPS = (_OPTIONS, INPUT_OPTIONS, OUTPUT_OPTIONS, ENGINE_OPTIONS, GLOBAL_OPTIONS)
_SHORT = "shardmill.short_help"
_FIRST_COLUMN = 34


def _show_short_help(ctx: typer.Context, wanted: bool) -> None:  # noqa: FBT001  (the form of an option's callback)
    if wanted and not ctx.resilient_parsing:
        ctx.meta[_SHORT] = True
        typer.echo(ctx.get_help())
        ctx.exit()


def _show_tracebacks(wanted: bool) -> None:  # noqa: FBT001  (the form of an option's callback)
    if wanted:
        failure_reports().tell_all()


def _common(
    *,
    debug: Annotated[
        bool,
        typer.Option(
            "--debug",
            help="Show the traceback of an error, and what libraries log.",
            callback=_show_tracebacks,
            is_eager=True,
            expose_value=False,
            rich_help_panel=GLOBAL_OPTIONS,
        ),
    ] = False,
    short_help: Annotated[
        bool, typer.Option("-h", callback=_show_short_help, is_eager=True, expose_value=False, hidden=True)
    ] = False,
) -> None:
    """Declares the options that all commands have."""


@functools.cache
def _common_options() -> tuple[Any, ...]:
    template = typer.Typer(add_completion=False)
    template.command()(_common)
    return tuple(typer.main.get_command(template).params)


class _Helpful:
    """Help for commands and their group.

    It must come before Typer's class among the bases.
    """

    def get_params(self, ctx: Any) -> list[Any]:
        """Returns the parameters, with those that all commands have."""
        *own, help_option = super().get_params(ctx)  # type: ignore[misc]  # Typer's class has it
        return [*own, *_common_options(), help_option]

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Returns the parts of the usage line.

        It names required options and arguments.
        """
        parameters = self.get_params(ctx)
        needed = [
            f"{max(each.opts, key=len)} {each.metavar}"
            for each in parameters
            if each.param_type_name == "option" and each.required
        ]
        arguments = [_name(each) for each in parameters if each.param_type_name == "argument"]
        beams = ["[BEAM OPTIONS]"] if self.context_settings.get("ignore_unknown_options") else []  # type: ignore[attr-defined]
        return ["[OPTIONS]", *needed, *arguments, *self._commands_in_usage(), *beams]

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Writes the page of help.

        It has usage, description, arguments and options by group; in full also details and
        examples.
        """
        in_full = not ctx.meta.get(_SHORT)
        self.format_usage(ctx, formatter)  # type: ignore[attr-defined]  # Typer's class has it
        formatter.write_paragraph()
        formatter.write_text(_text(self.help, in_full=in_full))  # type: ignore[attr-defined]
        self._format_commands(ctx, formatter)
        for heading, rows in self._sections(ctx, in_full=in_full):
            with formatter.section(heading):
                formatter.write_dl(rows, col_max=_FIRST_COLUMN)
        self._format_end(ctx, formatter, in_full=in_full)

    def get_short_help_str(self, limit: int = 0) -> str:
        """Returns the description in lists of commands.

        It is the whole first paragraph, also in the shell's completion.
        """
        del limit
        return _text(self.help, in_full=False)  # type: ignore[attr-defined]

    def _commands_in_usage(self) -> list[str]:
        return []

    def _format_commands(self, ctx: Any, formatter: Any) -> None:
        """Writes the list of commands, where there is one."""

    def _sections(self, ctx: Any, *, in_full: bool) -> Iterator[tuple[str, list[tuple[str, str]]]]:
        """Yields heading and rows of arguments and groups of options.

        Empty groups are left out.
        """
        shown = [each for each in self.get_params(ctx) if not each.hidden]
        arguments = [each for each in shown if each.param_type_name == "argument"]
        if arguments:
            yield "Arguments", [(_name(each), _text(each.help, in_full=in_full)) for each in arguments]
        for group in _GROUPS:
            rows = [(_spelling(each), _explanation(each, in_full=in_full)) for each in shown if _group(each) == group]
            if rows:
                yield group, rows

    def _format_end(self, ctx: Any, formatter: Any, *, in_full: bool) -> None:
        if not in_full:
            formatter.write_paragraph()
            formatter.write_text(f"`{ctx.command_path} --help` says more, with examples.")
        elif self.epilog:  # type: ignore[attr-defined]
            with formatter.section("Examples"):
                # Not wrapped: a command that is broken into lines can't be copied.
                for line in self.epilog.splitlines():  # type: ignore[attr-defined]
                    formatter.write(f"  {line}\n")


class Command(_Helpful, TyperCommand):
    """A subcommand."""


class CommandGroup(_Helpful, TyperGroup):
    """The command line itself."""

    def _commands_in_usage(self) -> list[str]:
        return ["COMMAND", "..."]

    def _format_commands(self, ctx: Any, formatter: Any) -> None:
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(
                [
                    (name, command.get_short_help_str())
                    for name, command in commands
                    if command is not None and not command.hidden
                ]
            )


def _text(text: str | None, *, in_full: bool) -> str:
    """Returns a help text, or its first paragraph."""
    return text or "" if in_full else (text or "").partition("\n\n")[0]


def _name(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper())


def _group(parameter: Any) -> str | None:
    if parameter.param_type_name == "argument":
        return None
    return getattr(parameter, "rich_help_panel", None) or (GLOBAL_OPTIONS if parameter.name == "help" else _OPTIONS)


def _spelling(option: Any) -> str:
    """Formats an option: names, and a word for the value."""
    names = ["-h", "--help"] if option.name == "help" else sorted(option.opts, key=len)
    indent = "" if len(names[0]) == len("-h") else "    "
    return indent + ", ".join(names) + ("" if option.is_flag else f" {option.metavar or option.name.upper()}")


def _explanation(option: Any, *, in_full: bool) -> str:
    if option.name == "help":
        return "Show this page and exit: -h in short, --help in full."
    return _text(option.help, in_full=in_full).replace("\n\n", " ")

"""Where `weaver` begins: the tree of commands, and how each of them ends."""

import faulthandler
import signal
import sys
from collections.abc import Sequence
from types import FrameType

import typer
from typer import TyperException

from interfaces.cli import (
    archive_commands,
    backtest_command,
    backup_commands,
    data_commands,
    database_commands,
    demo_command,
    doctor_command,
    events_commands,
    notifications_commands,
    orders_commands,
    prune_command,
    replay_command,
    risk_commands,
    serve_command,
    strategies_commands,
    sweep_command,
    sweeps_commands,
    verify_command,
    worker_command,
)
from interfaces.cli.outcomes import FAILED, SIGNALLED, WRONG_USE, Interrupted, OutputClosed, one_line, outcome_of
from interfaces.cli.printing import notice, print_line, silence_stdout

_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


def _application() -> typer.Typer:
    # Help as plain text: it appears in half the time, and goes through pipes and narrow windows unharmed.
    app = typer.Typer(
        name="weaver",
        help="A self-hosted, always-on trading platform: one strategy class as a backtest, on paper and live.",
        epilog="Exit codes: 0 done, 1 failed, 2 wrong use, 3 refused.",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=_SETTINGS,
    )
    app.callback()(_weaver)
    app.command("serve")(serve_command.serve)
    app.command("worker")(worker_command.worker)
    app.command("demo")(demo_command.demo)
    app.command("backtest")(backtest_command.backtest)
    app.command("sweep")(sweep_command.sweep)
    for group in (
        data_commands,
        strategies_commands,
        archive_commands,
        orders_commands,
        risk_commands,
        events_commands,
        notifications_commands,
        sweeps_commands,
    ):
        app.add_typer(group.group)
    app.command("migrate")(database_commands.migrate)
    app.command("rebuild")(database_commands.rebuild)
    app.command("replay")(replay_command.replay)
    app.command("verify")(verify_command.verify)
    app.command("prune")(prune_command.prune)
    app.command("backup")(backup_commands.backup)
    app.command("restore")(backup_commands.restore)
    app.command("doctor")(doctor_command.doctor)
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        from interfaces.web.release import release

        print_line(f"weaver {release()}")
        raise typer.Exit


def _weaver(
    version: bool = typer.Option(
        False, "--version", is_eager=True, callback=_show_version, help="Show Weaver's version and end."
    ),
) -> None:
    """A self-hosted, always-on trading platform: one strategy class as a backtest, on paper and live."""


def main() -> None:
    """Run the command line of this process and exit with its code."""
    # should the interpreter itself ever fail, the log says where each thread was
    faulthandler.enable()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; whatever can be foreseen to go wrong is one line on stderr."""
    try:
        code = _application()(args=list(arguments), prog_name="weaver", standalone_mode=False)
    except TyperException as error:
        return _wrong_use(error)
    except Interrupted as interrupted:
        return SIGNALLED + interrupted.number
    except KeyboardInterrupt:
        return SIGNALLED + signal.SIGINT
    except typer.Abort:
        return FAILED
    except Exception as error:
        outcome = outcome_of(error)
        if outcome is None:
            raise
        if isinstance(error, (OutputClosed, BrokenPipeError)):
            silence_stdout()
        elif outcome.message:
            notice(f"weaver: {outcome.message}")
        return outcome.code
    return code if isinstance(code, int) else 0


def _wrong_use(error: TyperException) -> int:
    context = getattr(error, "ctx", None)
    if context is None:
        notice(f"weaver: {error.format_message()}")
    elif "\n" in error.message:
        # a group that was called without a command: its help says what there is
        sys.stderr.write(f"{error.message.rstrip()}\n")
    else:
        path = context.command_path
        notice(f"{path}: {one_line(error.format_message()).removesuffix('.')} (see {path} --help)")
    return WRONG_USE


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise Interrupted(number)

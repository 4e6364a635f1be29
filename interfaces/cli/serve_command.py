"""`weaver serve`: the web interface, the read models and the sessions of all runs, until it is told to end."""

import socket
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from domain.errors import Unavailable
from interfaces.cli.opened import read_settings
from interfaces.cli.outcomes import Interrupted
from interfaces.cli.printing import print_line

if TYPE_CHECKING:
    from interfaces.composition import Role, Weaver
    from interfaces.settings import Settings

BACKLOG = 2_048

Host = Annotated[
    str | None,
    typer.Option("--host", metavar="HOST", help="Address to listen on; the default is WEAVER_HOST, or 127.0.0.1."),
]
Port = Annotated[
    int | None,
    typer.Option("--port", min=0, max=65535, help="Port to listen on; the default is WEAVER_PORT, or 8000. 0: any."),
]

RoleOption = Annotated[
    Literal["all", "api", "engine", "projector"],
    typer.Option("--role", help="What it does: everything, or one part of it beside other processes."),
]


class AddressTaken(Unavailable):
    """The address cannot be listened on."""


def serve(host: Host = None, port: Port = None, role: RoleOption = "all") -> None:
    """Serve Haro, the REST interface and all runs.

    With --role only a part of that: api serves REST, the event stream and the page; engine looks after runs, sweeps and
    the accounts they trade; projector keeps the read models. Processes of all roles share one database.
    """
    settings = read_settings(host=host, port=port)
    from interfaces.composition import database

    with listening(settings) as listener, database(settings) as url:
        serve_until_told(settings, url, listener, role)


def listening(settings: "Settings") -> socket.socket:
    """Return a socket that listens where the settings say; raise AddressTaken when that cannot be.

    Taken before anything else is started: a second server on the same port ends before it touches anything.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise AddressTaken(f"cannot listen on {settings.host}: {error.strerror}: check WEAVER_HOST") from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise AddressTaken(
            f"cannot listen on {settings.host} port {settings.port}: {error.strerror}: "
            "choose another one with --port or WEAVER_PORT"
        ) from None
    return listener


def serve_until_told(settings: "Settings", database_url: str, listener: socket.socket, role: "Role" = "all") -> None:
    """Serve on the socket until SIGINT or SIGTERM; then end streams, sessions and connections, and return."""
    import contextlib
    import signal

    from application.clock import WallClock
    from interfaces.database import require_migrated
    from interfaces.notifications.channels import configured_channels, secrets_of
    from interfaces.projector import Projector

    channels = configured_channels(settings)
    require_migrated(database_url)
    # first of all: it has as much to load as this process
    projector = Projector(database_url, settings, WallClock()) if role == "all" else None

    from interfaces.composition import compose
    from interfaces.logs import configure_logs

    secrets = (*settings.secrets(), *secrets_of(channels), database_url)
    configure_logs(settings.log_level, settings.log_format, secrets, keeps_lines=True)
    try:
        weaver = compose(settings, database_url, projector=projector, role=role, channels=channels)
    except BaseException:
        if projector is not None:
            projector.stop()
        raise
    before = signal.signal(signal.SIGHUP, lambda number, frame: signal.raise_signal(signal.SIGTERM))
    try:
        weaver.start()
        # the signal that ended the server arrives once more, after it has ended
        with contextlib.suppress(KeyboardInterrupt, Interrupted):
            _serve(weaver, listener)
    finally:
        signal.signal(signal.SIGHUP, before)
        weaver.stop()


def _serve(weaver: "Weaver", listener: socket.socket) -> None:
    import gc

    from interfaces.projector_child import GARBAGE_THRESHOLD
    from interfaces.web.server import WebServer

    class AnnouncedServer(WebServer):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                # What was imported stays: every full collection would look through it, and hold all threads meanwhile.
                gc.freeze()
                gc.set_threshold(GARBAGE_THRESHOLD)
                what = "Haro" if weaver.role in ("all", "api") else f"the {weaver.role}"
                print_line(f"{what} is at {_address(weaver.settings, listener)} (Ctrl-C ends it)")

    AnnouncedServer(weaver).run([listener])


def _address(settings: "Settings", listener: socket.socket) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{listener.getsockname()[1]}"

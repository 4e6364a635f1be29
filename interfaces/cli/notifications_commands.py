"""`weaver notifications`: the channels that people are told by, a test message, and what to do with what is parked."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from interfaces.cli import typed
from interfaces.cli.opened import opened_database, read_settings
from interfaces.cli.options import Json
from interfaces.cli.outcomes import CommandFailed
from interfaces.cli.printing import print_json, print_line, print_table

if TYPE_CHECKING:
    from interfaces.notifications.channels import AnyChannel
    from interfaces.notifications.delivery_book import Standing

group = typer.Typer(name="notifications", help="Messages to people outside.", no_args_is_help=True)

ChannelName = Annotated[str, typer.Argument(metavar="CHANNEL", help="Name of the channel, as in the file.")]
DeliveryId = Annotated[
    str | None, typer.Option("--delivery", metavar="ID", help="Only the message this delivery belongs to.")
]


@group.command("list")
def list_channels(json_wanted: Json = False) -> None:
    """List the channels, what they take, and how each stands."""
    from interfaces.database import connect
    from interfaces.notifications.delivery_book import parked, standings

    channels = _channels()
    with opened_database() as url, connect(url) as connection:
        found = standings(connection)
        waiting = parked(connection)
    rows = [_as_json(channel, found.get(channel.name)) for channel in channels]
    for row in rows:
        row["parked"] = [one for one in waiting if one["channel"] == row["name"]]
    if json_wanted:
        print_json(rows)
        return
    if not rows:
        print_line("No channel is configured: WEAVER_NOTIFICATIONS names no file.")
        return
    print_table(
        ("channel", "kind", "state", "takes", "from", "waiting", "parked", "sent", "last success", "last error"),
        [
            (
                row["name"],
                row["kind"],
                row["state"],
                row["events"],
                row["minimum_severity"],
                row["deliveries"]["pending"] + row["deliveries"]["sending"],
                row["deliveries"]["parked"],
                row["deliveries"]["sent"],
                row["last_success_at"],
                row["last_error"],
            )
            for row in rows
        ],
        right=("waiting", "parked", "sent"),
    )
    if any(row["parked"] for row in rows):
        print_line()
        print_table(
            ("channel", "delivery", "position", "what", "why"),
            [(one["channel"], one["id"], one["position"], one["title"], one["last_error"]) for one in waiting],
            right=("position",),
        )
        print_line("weaver notifications retry CHANNEL sends them again, skip gives them up; --delivery means one.")


@group.command("test")
def send_test(channel: ChannelName, json_wanted: Json = False) -> None:
    """Send a message to a channel now, and print what it answers."""
    from application.clock import WallClock
    from interfaces.notifications.messages import sample_message
    from interfaces.notifications.sender import NotDelivered
    from interfaces.notifications.senders import sender_of

    wanted, now = _named(channel), WallClock().now()
    sender = sender_of(wanted)
    try:
        answer = sender.send(sample_message(wanted.name, now), now)
    except NotDelivered as error:
        raise CommandFailed(f"channel {channel} did not take the message: {error.reason}") from None
    finally:
        sender.close()
    if json_wanted:
        print_json({"channel": channel, "answer": answer})
    else:
        print_line(f"channel {channel} has taken the message: {answer}")


@group.command("retry")
def retry_deliveries(channel: ChannelName, delivery: DeliveryId = None, json_wanted: Json = False) -> None:
    """Send again what is parked; a running server does it within seconds."""
    _decide(channel, delivery, json_wanted, is_wanted=True)


@group.command("skip")
def skip_deliveries(channel: ChannelName, delivery: DeliveryId = None, json_wanted: Json = False) -> None:
    """Give up what is parked: it is never sent."""
    _decide(channel, delivery, json_wanted, is_wanted=False)


def _decide(channel: str, delivery: str | None, json_wanted: bool, *, is_wanted: bool) -> None:
    from application.clock import WallClock
    from domain.errors import NotFound
    from interfaces.database import connect
    from interfaces.notifications.delivery_book import skip, try_again

    name, now = _named(channel).name, WallClock().now()
    delivery_id = None if delivery is None else typed.identity(delivery, "delivery")
    with opened_database() as url, connect(url) as connection:
        count = (try_again if is_wanted else skip)(connection, name, now, delivery_id)
    if not count and delivery is not None:
        raise NotFound(f"channel {name} has no parked delivery {delivery}: weaver notifications list shows them")
    if json_wanted:
        print_json({"channel": name, "deliveries": count})
    else:
        print_line(f"channel {name}: {count:,} {'to be sent again' if is_wanted else 'given up'}")


def _channels() -> "tuple[AnyChannel, ...]":
    from interfaces.notifications.channels import configured_channels

    return configured_channels(read_settings())


def _named(name: str) -> "AnyChannel":
    from interfaces.notifications.channels import named

    return named(_channels(), name)


def _as_json(channel: "AnyChannel", standing: "Standing | None") -> dict[str, Any]:
    from interfaces.notifications.delivery_book import Standing

    seen = standing or Standing.unseen()
    return {
        "name": channel.name,
        "kind": channel.kind,
        "state": "starting" if standing is None else seen.state,
        "events": channel.events,
        "minimum_severity": channel.minimum_severity,
        "modes": channel.modes,
        "runs": channel.runs,
        "deliveries": seen.deliveries,
        "oldest_pending_at": seen.oldest_pending_at,
        "last_success_at": seen.last_success_at,
        "last_error": seen.last_error,
        "last_error_at": seen.last_error_at,
    }

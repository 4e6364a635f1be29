"""All channels of a process."""

from collections.abc import Sequence

from application.clock import Clock
from interfaces.notifications.channel_worker import ChannelWorker, Pace, Watch, WorkerSnapshot
from interfaces.notifications.channels import AnyChannel


class Notifier:
    """Tells every channel what it is to be told, each in a thread of its own: a dead one delays nobody."""

    def __init__(
        self,
        channels: Sequence[AnyChannel],
        database_url: str,
        watch: Watch,
        epoch: str,
        clock: Clock,
        pace: Pace | None = None,
    ) -> None:
        self.channels = tuple(channels)
        self._workers: list[ChannelWorker] = []
        if channels:
            # Imported here: every command is composed of these parts, and few of them send anything.
            from interfaces.notifications.senders import sender_of

            self._workers = [
                ChannelWorker(channel, sender_of(channel), database_url, watch, epoch, clock, pace)
                for channel in channels
            ]

    def start(self) -> None:
        """Begin; returns at once."""
        for worker in self._workers:
            worker.start()

    def stop(self) -> None:
        """End after the attempts at hand."""
        for worker in self._workers:
            worker.ask_to_stop()
        for worker in self._workers:
            worker.stop()

    def snapshots(self) -> list[WorkerSnapshot]:
        """Return what each channel's worker does, in the order of the file."""
        return [worker.snapshot() for worker in self._workers]

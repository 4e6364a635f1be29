"""The process that keeps the read models: `python -m interfaces.projector_child`.

The first line of its input is its task. It says `ready` on its output once every read model is looked after, and ends
when its input does.
"""

import faulthandler
import gc
import json
import signal
import sys
import time

from domain.event_catalogue import CATALOGUE
from interfaces.journal_tail import JournalTail
from interfaces.logs import configure_logs
from projections.catalog import READ_MODELS
from projections.processor import Processor
from projections.shared_reading import SharedReading

READY = "ready"
# So many objects more than before let Python look for garbage. Events that are folded are kept for a while: by default,
# a look every 2,000 objects, they are found alive again and again, which takes a quarter of the time.
GARBAGE_THRESHOLD = 50_000
SECONDS_A_LOOK = 0.02
# The server sends what is new to a hundred clients in that time; folding it at once would take a core from it.
HEAD_START = 0.015


def main() -> None:
    """Fold until the parent hangs up, or is gone."""
    faulthandler.enable()
    # Ctrl-C reaches every process of a terminal; when to end is the parent's to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    task = json.loads(sys.stdin.readline())
    url = task["database_url"]
    configure_logs(task["log_level"], task["log_format"], (url,))
    tail, reading = JournalTail(url, HEAD_START), SharedReading(CATALOGUE)
    processors = [Processor(url, model, tail, reading=reading) for model in READ_MODELS]
    tail.start()
    for processor in processors:
        processor.start()
    while any(processor.state.name == "starting" for processor in processors) and tail.failure is None:
        time.sleep(SECONDS_A_LOOK)
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)
    sys.stdout.write(READY + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    for processor in processors:
        processor.stop()
    tail.stop()


if __name__ == "__main__":
    main()

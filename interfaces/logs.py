"""Structured logs on the error stream: for people on a terminal, as JSON lines elsewhere."""

import contextlib
import json
import logging
import re
import sys
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

import structlog
from structlog.typing import Processor

# Shorter ones cannot be told from ordinary words: hiding them would hide what a line says.
MIN_SECRET = 4
HIDDEN = "***"
MOST_KEPT = 1_000
_OWN_FIELDS = ("timestamp", "level", "logger", "event")


class Redaction:
    """Replaces secrets in a text that goes out, however they are written there: plain, in JSON, in a URL, in a repr.

    secrets: of a URL it is the password that is one.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        meant = {part for secret in secrets for part in _passwords_of(secret) or (secret,)}
        ways = {way for secret in meant if len(secret) >= MIN_SECRET for way in _ways_to_write(secret)}
        # The longest first: one secret may be the beginning of another.
        pattern = "|".join(re.escape(way) for way in sorted(ways, key=len, reverse=True))
        self._pattern = re.compile(pattern) if ways else None

    def __call__(self, text: str) -> str:
        """Return the text with every secret hidden."""
        return text if self._pattern is None else self._pattern.sub(HIDDEN, text)


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Hides secrets in the finished line, so that it does not matter who logged them, or where."""

    def __init__(self, redaction: Redaction, shared: list[Processor], renderers: list[Processor]) -> None:
        remove_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
        super().__init__(foreign_pre_chain=shared, processors=[remove_meta, *renderers])
        self._redaction = redaction

    def format(self, record: logging.LogRecord) -> str:
        return self._redaction(super().format(record))


@dataclass(frozen=True, slots=True)
class KeptLine:
    """A line that was logged, secrets hidden. number: from 1 since the process began; at: ISO 8601 in UTC."""

    number: int
    at: str
    level: str
    logger: str
    message: str
    fields: Mapping[str, Any]


class KeptLines(logging.Handler):
    """The newest lines of this process, for whoever cannot see its error stream."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: deque[KeptLine] = deque(maxlen=MOST_KEPT)
        self._count = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line, as the formatter writes it in JSON; logging calls it with the handler's lock held."""
        try:
            said: dict[str, Any] = json.loads(self.format(record))
        except Exception:  # noqa: BLE001 - what cannot be written is logging's to tell, and stops nobody
            self.handleError(record)
            return
        own = {name: str(said.pop(name, "")) for name in _OWN_FIELDS}
        self._count += 1
        self._lines.append(KeptLine(self._count, own["timestamp"], own["level"], own["logger"], own["event"], said))

    def after(self, number: int | None, limit: int, least: int = logging.NOTSET) -> list[KeptLine]:
        """Return at most `limit` lines of at least a level, oldest first.

        number: the first ones behind that line; a number of no line yet is one of an earlier process, and all are
        given. None: the newest.
        """
        levels = logging.getLevelNamesMapping()
        with self.lock or contextlib.nullcontext():
            first = 0 if number is None or number > self._count else number
            lines = [one for one in self._lines if one.number > first]
        lines = [one for one in lines if levels.get(one.level.upper(), logging.CRITICAL) >= least]
        return lines[-limit:] if number is None else lines[:limit]

    @property
    def newest(self) -> int:
        """The number of the newest line, 0 before the first."""
        return self._count


# As logging itself is, there is one for the whole process; filled where `configure_logs` is asked to.
KEPT_LINES = KeptLines()


def configure_logs(level: str, form: str | None, secrets: Iterable[str] = (), *, keeps_lines: bool = False) -> None:
    """Send everything logged, by Weaver and by libraries, to stderr.

    form: `console` or `json`; None means console on a terminal and JSON elsewhere. secrets: hidden in every line.
    Fields bound to the context (`correlation_id`, `run_id`) stand on every line. keeps_lines: whether the newest are
    kept in KEPT_LINES, too.
    """
    form = form or ("console" if sys.stderr.isatty() else "json")
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    as_json: list[Processor] = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    renderers: list[Processor] = (
        # plain tracebacks: richer ones show local variables, a request's key among them
        [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)]
        if form == "console"
        else as_json
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    redaction = Redaction(secrets)
    handler.setFormatter(_Formatter(redaction, shared, renderers))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    if keeps_lines:
        KEPT_LINES.setFormatter(_Formatter(redaction, shared, as_json))
        root.handlers.append(KEPT_LINES)
    root.setLevel(level)
    # every request is logged once, by the web part itself, with its correlation id
    logging.getLogger("uvicorn.access").disabled = True
    # a pool tells of every connection it lends, a client of every request and every frame, keys of exchanges included
    for chatty in ("alembic", "psycopg.pool", "httpx", "httpcore", "websockets"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _passwords_of(url: str) -> tuple[str, ...]:
    """The password in a URL, as it stands there and as it is meant."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ()
    asked = tuple(value for name, value in parse_qsl(parts.query) if name == "password")
    return (parts.password, unquote(parts.password), *asked) if parts.password else asked


def _ways_to_write(secret: str) -> set[str]:
    plain = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret)}
    escaped = {json.dumps(secret), json.dumps(secret, ensure_ascii=False), repr(secret)}
    return plain | {text[1:-1] for text in escaped}

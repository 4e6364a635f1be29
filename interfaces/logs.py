"""Structured logs on the error stream: for people on a terminal, as JSON lines elsewhere."""

import logging
import sys

import structlog
from structlog.typing import Processor


def configure_logs(level: str, form: str | None) -> None:
    """Send everything logged, by Weaver and by libraries, to stderr.

    form: `console` or `json`; None means console on a terminal and JSON elsewhere.
    Fields bound to the context (`correlation_id`, `run_id`) stand on every line.
    """
    form = form or ("console" if sys.stderr.isatty() else "json")
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderers: list[Processor] = (
        # plain tracebacks: richer ones show local variables, a request's key among them
        [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)]
        if form == "console"
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # every request is logged once, by the web part itself, with its correlation id
    logging.getLogger("uvicorn.access").disabled = True
    # a pool tells of every connection it lends
    for chatty in ("alembic", "psycopg.pool"):
        logging.getLogger(chatty).setLevel(logging.WARNING)

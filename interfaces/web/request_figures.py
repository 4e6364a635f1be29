"""What the edge counts of requests."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

LATENCY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class RequestFigures:
    """What the edge counts of requests. Nothing a client chooses freely becomes a label."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._seconds = Histogram(
            "weaver_http_request_seconds",
            "Time until an answer begins.",
            ("method", "route", "status"),
            buckets=LATENCY_BUCKETS,
            registry=registry,
        )
        self.in_flight = Gauge("weaver_http_requests_in_flight", "Requests not answered yet.", registry=registry)
        self.rate_limited = Counter(
            "weaver_http_rate_limited_requests", "Requests refused with 429.", registry=registry
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Note an answer that has begun. route: the template of the path, never the path."""
        labels = (method if method in _METHODS else "other", route, f"{status // 100}xx")
        self._seconds.labels(*labels).observe(seconds)

"""How much each event matters: every topic has been thought about."""

from domain.event_catalogue import EVENTS, split_topic
from domain.severity import SEVERITIES, SEVERITY, is_at_least, severity_of


def test_every_topic_has_a_severity_and_no_other_name_has() -> None:
    assert {split_topic(topic)[0] for topic in EVENTS} == SEVERITY.keys()


def test_versions_share_one_and_what_is_unknown_is_rather_told_than_lost() -> None:
    assert severity_of("run.error.v2") == severity_of("run.error") == "critical"
    assert severity_of("order.filled") == "info"
    assert severity_of("moon.risen") == "warning"


def test_severities_are_ordered() -> None:
    order = [[is_at_least(one, minimum) for one in SEVERITIES] for minimum in SEVERITIES]
    assert order == [[True, True, True], [False, True, True], [False, False, True]]

"""Whatever an attacker changes of a trail is found, undone with as few calls as can be, and told field by field."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from e2e.guarded import UNDONE, Guarded
from e2e.trail_state import difference, in_order

UPDATE, SELECTORS = "cloudtrail:UpdateTrail", "cloudtrail:PutEventSelectors"
INSIGHTS, START = "cloudtrail:PutInsightSelectors", "cloudtrail:StartLogging"
TAG, UNTAG = "cloudtrail:AddTags", "cloudtrail:RemoveTags"


@dataclass(frozen=True)
class Weakening:
    """An attack, the account it is made in, the fields it changes and the calls that undo it."""

    account: str
    attack: Callable[[Any, Guarded], object]
    fields: set[str]
    calls: list[str]


def _settings(account: str, fields: set[str], **settings: Any) -> Weakening:
    """One UpdateTrail, undone by one."""
    return Weakening(
        account,
        lambda client, g: client.update_trail(
            Name=g.trail_name, **{k: v(g) if callable(v) else v for k, v in settings.items()}
        ),
        fields,
        [UPDATE],
    )


def _selectors(account: str, fields: set[str], **selectors: Any) -> Weakening:
    """One PutEventSelectors, undone by one."""
    return Weakening(
        account, lambda client, g: client.put_event_selectors(TrailName=g.trail_name, **selectors), fields, [SELECTORS]
    )


def _basic(**selector: Any) -> list[dict[str, Any]]:
    return [{"ReadWriteType": "All", "IncludeManagementEvents": True} | selector]


def _advanced(**fields: str) -> list[dict[str, Any]]:
    return [{"FieldSelectors": [{"Field": name, "Equals": [value]} for name, value in fields.items()]}]


def _all_at_once(client: Any, g: Guarded) -> None:
    client.stop_logging(Name=g.trail_name)
    client.put_event_selectors(TrailName=g.trail_arn, EventSelectors=_basic(ReadWriteType="ReadOnly"))
    client.put_insight_selectors(TrailName=g.trail_name, InsightSelectors=[])
    client.update_trail(Name=g.trail_arn, **MINIMISED)
    client.remove_tags(ResourceId=g.trail_arn, TagsList=[{"Key": "owner"}])


MINIMISED = {
    "IsMultiRegionTrail": False,
    "IncludeGlobalServiceEvents": False,
    "EnableLogFileValidation": False,
    "SnsTopicName": "",
    "CloudWatchLogsLogGroupArn": "",
    "CloudWatchLogsRoleArn": "",
    "KmsKeyId": "",
}
MINIMISED_FIELDS = {
    "is_multi_region_trail",
    "include_global_service_events",
    "enable_log_file_validation",
    "sns_topic_name",
    "cloud_watch_logs_group_arn",
    "cloud_watch_logs_role_arn",
    "kms_key_id",
}
LOGS = {"cloud_watch_logs_group_arn", "cloud_watch_logs_role_arn"}
BOTH_KINDS = {"event_selectors", "advanced_event_selectors"}

WEAKENINGS = {
    "single region": _settings("guarded", {"is_multi_region_trail"}, IsMultiRegionTrail=False),
    "global events off": _settings(
        "guarded",
        {"is_multi_region_trail", "include_global_service_events"},
        IsMultiRegionTrail=False,
        IncludeGlobalServiceEvents=False,
    ),
    "validation off": _settings("guarded", {"enable_log_file_validation"}, EnableLogFileValidation=False),
    "another bucket": _settings("guarded", {"s3_bucket_name"}, S3BucketName=lambda g: f"attackers-{g.lab.account}"),
    "another prefix": _settings("complete", {"s3_key_prefix"}, S3KeyPrefix="elsewhere"),
    "no prefix": _settings("complete", {"s3_key_prefix"}, S3KeyPrefix=""),
    "a prefix where none was": _settings("guarded", {"s3_key_prefix"}, S3KeyPrefix="elsewhere"),
    "no key": _settings("guarded", {"kms_key_id"}, KmsKeyId=""),
    "another key": _settings(
        "guarded",
        {"kms_key_id"},
        KmsKeyId=lambda g: f"arn:aws:kms:{g.lab.region}:444455556666:key/attackers",
    ),
    "no copy in CloudWatch Logs": _settings("complete", LOGS, CloudWatchLogsLogGroupArn="", CloudWatchLogsRoleArn=""),
    "no topic": _settings("complete", {"sns_topic_name"}, SnsTopicName=""),
    "another topic": _settings("complete", {"sns_topic_name"}, SnsTopicName="attackers"),
    "a topic where none was": _settings("guarded", {"sns_topic_name"}, SnsTopicName="attackers"),
    "minimised": _settings("complete", MINIMISED_FIELDS, **MINIMISED),
    "reads only": _selectors("guarded", {"event_selectors"}, EventSelectors=_basic(ReadWriteType="ReadOnly")),
    "writes only": _selectors("guarded", {"event_selectors"}, EventSelectors=_basic(ReadWriteType="WriteOnly")),
    "management events off": _selectors(
        "guarded", {"event_selectors"}, EventSelectors=_basic(IncludeManagementEvents=False)
    ),
    "KMS and RDS excluded": _selectors(
        "guarded",
        {"event_selectors"},
        EventSelectors=_basic(ExcludeManagementEventSources=["kms.amazonaws.com", "rdsdata.amazonaws.com"]),
    ),
    "advanced selectors that match nothing": _selectors(
        "guarded",
        BOTH_KINDS,
        AdvancedEventSelectors=_advanced(eventCategory="Management", eventSource="nothing.amazonaws.com"),
    ),
    "advanced selectors without management events": _selectors(
        "complete",
        {"advanced_event_selectors"},
        AdvancedEventSelectors=_advanced(eventCategory="Data", **{"resources.type": "AWS::S3::Object"}),
    ),
    "advanced selectors narrowed": _selectors(
        "complete",
        {"advanced_event_selectors"},
        AdvancedEventSelectors=_advanced(eventCategory="Management", readOnly="true"),
    ),
    "from advanced to basic selectors": _selectors("complete", BOTH_KINDS, EventSelectors=_basic()),
    "no insights": Weakening(
        "complete",
        lambda client, g: client.put_insight_selectors(TrailName=g.trail_name, InsightSelectors=[]),
        {"insight_selectors"},
        [INSIGHTS],
    ),
    "one insight less": Weakening(
        "complete",
        lambda client, g: client.put_insight_selectors(
            TrailName=g.trail_arn, InsightSelectors=[{"InsightType": "ApiErrorRateInsight"}]
        ),
        {"insight_selectors"},
        [INSIGHTS],
    ),
    "a tag less": Weakening(
        "complete",
        lambda client, g: client.remove_tags(ResourceId=g.trail_arn, TagsList=[{"Key": "owner"}]),
        {"tags"},
        [TAG],
    ),
    "a tag changed and one added": Weakening(
        "complete",
        lambda client, g: client.add_tags(
            ResourceId=g.trail_arn, TagsList=[{"Key": "owner", "Value": "nobody"}, {"Key": "exempt", "Value": "yes"}]
        ),
        {"tags"},
        [UNTAG, TAG],
    ),
}


@pytest.mark.parametrize("name", WEAKENINGS, ids=lambda name: name.replace(" ", "-"))
def test_a_weakening_is_undone(request: pytest.FixtureRequest, name: str) -> None:
    weakening = WEAKENINGS[name]
    guarded: Guarded = request.getfixturevalue(weakening.account)
    with guarded.held_back():
        since = time.time()
        weakening.attack(guarded.attacker(), guarded)
        expected = difference(guarded.declared, guarded.state())
    assert {entry["field"] for entry in expected} == weakening.fields, "the attack did not do what it was meant to"

    _, notice = guarded.notice(since)
    assert notice["outcome"] == "restored"
    assert notice["severity"] == "high"
    assert notice["source"] == "event"
    assert notice["actor"]["arn"] == guarded.attacker_arn
    assert notice["trail"]["arn"] == guarded.trail_arn
    assert notice["event"]["name"] == guarded.records(since)[0]["eventName"]
    assert in_order(notice["drift"]) == expected
    assert notice["remediation"]["calls"] == weakening.calls
    assert guarded.writes(since) == weakening.calls, "what the notice says is what was done"
    assert guarded.state() == guarded.declared
    assert len(guarded.notices(since)) == 1


def _told_in_all(notices: list[dict[str, Any]]) -> set[str]:
    return {entry["field"] for notice in notices for entry in notice["drift"]}


def test_everything_at_once(complete: Guarded) -> None:
    """Five calls, the stop first: its event is the only one, and all the rest is found with it."""
    with complete.held_back():
        since = time.time()
        _all_at_once(complete.attacker(), complete)
        expected = difference(complete.declared, complete.state())
    assert {entry["field"] for entry in expected} == {
        *MINIMISED_FIELDS,
        *BOTH_KINDS,
        "is_logging",
        "insight_selectors",
        "tags",
    }
    _, notice = complete.notice(since)
    assert notice["outcome"] == "restored"
    assert in_order(notice["drift"]) == expected
    assert notice["remediation"]["calls"] == [START, UPDATE, SELECTORS, INSIGHTS, TAG]
    complete.settle()
    assert len(_attackers_deliveries(complete, since)) == 1, "once logging is off, no call has an event"
    assert complete.state() == complete.declared
    assert complete.dead_letters() == []


def _deliveries(guarded: Guarded, since: float) -> list[dict[str, Any]]:
    return guarded.control.deliveries(since=since, account=guarded.lab.account, outcome="accepted")


def test_everything_at_once_with_every_event_delivered(complete: Guarded) -> None:
    """Beside another trail every one of the five calls has its event: several runs at the same time."""
    complete.switch(requires_logging_trail=False)
    with complete.held_back():
        since = time.time()
        _all_at_once(complete.attacker(), complete)
        expected = {entry["field"] for entry in difference(complete.declared, complete.state())}
    complete.wait("the declared state", lambda: complete.state() == complete.declared)
    complete.wait("five deliveries", lambda: len(_attackers_deliveries(complete, since)) == 5)
    complete.settle()
    assert complete.state() == complete.declared
    notices = complete.notices(since)
    assert _told_in_all(notices) == expected
    assert "restored" in {notice["outcome"] for notice in notices}
    for notice in notices:
        assert notice["outcome"] in UNDONE, notice["summary"]
    assert complete.dead_letters() == []


def _attackers_deliveries(guarded: Guarded, since: float) -> set[str]:
    own = {r["eventID"] for r in guarded.records(since) if r["userIdentity"].get("arn") == guarded.attacker_arn}
    return own & {entry["record_id"] for entry in _deliveries(guarded, since)}


def test_one_after_the_other_faster_than_the_responder(complete: Guarded) -> None:
    """Six weakenings without a pause."""
    complete.switch(requires_logging_trail=False)
    client, since = complete.attacker(), time.time()
    for number in range(2):
        client.update_trail(Name=complete.trail_name, EnableLogFileValidation=False, S3KeyPrefix=f"n{number}")
        client.put_event_selectors(TrailName=complete.trail_name, EventSelectors=_basic(ReadWriteType="ReadOnly"))
        client.put_insight_selectors(TrailName=complete.trail_name, InsightSelectors=[])
    complete.settle()
    assert complete.state() == complete.declared
    assert "restored" in {notice["outcome"] for notice in complete.notices(since)}
    assert complete.dead_letters() == []


def test_another_one_while_it_is_healing(complete: Guarded) -> None:
    """As soon as the function has made its first healing call, the next attack comes."""
    client, since = complete.attacker(), time.time()
    client.update_trail(Name=complete.trail_name, KmsKeyId="", S3KeyPrefix="")
    complete.wait("the first healing call", lambda: complete.writes(since), 20)
    client.update_trail(Name=complete.trail_name, KmsKeyId="", EnableLogFileValidation=False)
    client.stop_logging(Name=complete.trail_name)
    complete.settle()
    assert complete.state() == complete.declared
    assert complete.is_logging()
    assert {notice["outcome"] for notice in complete.notices(since)} <= UNDONE


def test_what_the_role_may_not_touch_is_not_touched(complete: Guarded) -> None:
    """Another trail of the account, weakened: no business of the function's."""
    admin, name = complete.cloudtrail, "somebody-elses"
    admin.create_trail(Name=name, S3BucketName=f"attackers-{complete.lab.account}", EnableLogFileValidation=True)
    try:
        since = time.time()
        complete.attacker().update_trail(Name=name, EnableLogFileValidation=False)
        complete.wait("the delivery", lambda: complete.deliveries(since, "UpdateTrail"))
        complete.settle()
        assert complete.writes(since) == []
        assert complete.notices(since) == []
    finally:
        admin.delete_trail(Name=name)

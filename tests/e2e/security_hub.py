"""Security Hub is told, by a deployment with security_hub: a stop that is undone, and one that is not until later."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from e2e.deployments import NEVER_SWEPT, TRAIL_ALONE, Deployment
from e2e.guarded import Guarded
from lab.inbox import Inbox


@dataclass
class Reported:
    """What came of it, in the order of the fields."""

    statements: dict[str, dict[str, Any]]
    restored: dict[str, Any]
    open: dict[str, Any]
    found_again: dict[str, Any]
    resolved: dict[str, Any]
    after_another_sweep: dict[str, Any]
    without_permission: dict[str, Any]
    topic_deleted: dict[str, Any]
    dead_letters: int


def security_hub(deployment: Deployment, variables: dict[str, Any]) -> Reported:
    """A stop; a stop that cannot be undone, a sweep that finds it, a person who starts it, a sweep; no permission."""
    hub = deployment.root.client("securityhub")
    hub.enable_security_hub()
    deployment.make_trail()
    variables = variables | NEVER_SWEPT | TRAIL_ALONE | {"security_hub": True}
    deployment.protect(variables, deployment.baseline)
    inbox = Inbox(deployment.admin, deployment.inbox_url)
    guarded = Guarded(deployment, inbox)
    wanted = ("ReportFindings", "RememberIncidents")
    statements = {s["Sid"]: s for s in guarded.role_policy()["Statement"] if s["Sid"] in wanted}

    def findings() -> list[dict[str, Any]]:
        return hub.get_findings()["Findings"]

    guarded.attack()
    restored = guarded.wait("the finding", findings)[0]
    guarded.settle()

    with guarded.without_statement("RestoreTrails"):
        guarded.attack()
        letters = guarded.wait("the dead letter", guarded.dead_letters, 60)
        (opened,) = (f for f in findings() if f["Id"] != restored["Id"])
        guarded.call_function({"trailkeeper": "sweep"})
        (again,) = (f for f in findings() if f["Id"] != restored["Id"])
    guarded.start_logging()
    guarded.settle()
    guarded.sweep()
    (resolved,) = (f for f in findings() if f["Id"] == opened["Id"])
    guarded.sweep()
    (afterwards,) = (f for f in findings() if f["Id"] == opened["Id"])
    letters += guarded.dead_letters()

    with guarded.without_statement("ReportFindings"):
        guarded.lose_next_event()
        since = time.time()
        guarded.attacker().stop_logging(Name=guarded.trail_name)
        refused = guarded.invoke(guarded.records(since)[0])["Payload"]
    assert guarded.is_logging()
    inbox.close()

    deployment.protect(variables | {"guard_responder": True}, deployment.baseline)
    deployment.admin.client("sns").delete_topic(TopicArn=guarded.topic_arn)

    def of_topic() -> list[dict[str, Any]]:
        return [f for f in findings() if f["Resources"][0]["Type"] == "AwsSnsTopic"]

    (gone,) = guarded.wait("a finding about the topic", of_topic)
    return Reported(statements, restored, opened, again, resolved, afterwards, refused, gone, len(letters))

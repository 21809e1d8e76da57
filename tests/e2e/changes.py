"""A guarded trail is changed by those who may: by Terraform, by the pipeline, and beside Terraform."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from e2e.deployments import NEVER_SWEPT, Deployment
from e2e.guarded import Guarded
from e2e.pipeline import as_pipeline, create_pipeline_role
from e2e.trail_state import State
from lab.inbox import Inbox

DEFAULT_SELECTOR = {
    "read_write_type": "All",
    "include_management_events": True,
    "exclude_management_event_sources": [],
    "data_resources": [],
}
DATA_SELECTOR = DEFAULT_SELECTOR | {
    "data_resources": [{"type": "AWS::S3::Object", "values": ["arn:aws:s3:::vault/", "arn:aws:s3:::archive/"]}]
}
ADVANCED = [
    {"name": "Management", "field_selectors": [{"field": "eventCategory", "equals": ["Management"]}]},
    {
        "name": "Objects",
        "field_selectors": [
            {"field": "eventCategory", "equals": ["Data"]},
            {"field": "resources.type", "equals": ["AWS::S3::Object"]},
        ],
    },
]
_TRAIL = "module.trailkeeper.module.trail[0].aws_cloudtrail.this"
_KEY = "module.trailkeeper.module.trail[0].aws_kms_key.logs"


@dataclass
class Change:
    """A change, and what the responder did about it."""

    before: State
    after: State
    events: set[str]
    writes: list[str]
    repairs: list[str]
    notices: list[dict[str, Any]]
    dead_letters: list[dict[str, Any]]
    plan_differs: bool


@dataclass
class Changes:
    """All changes, in the order in which they were made."""

    by_administrator: Change
    attacked: Change
    by_pipeline: Change
    beside_terraform: Change
    to_advanced: Change


class _Changer:
    def __init__(self, guarded: Guarded, deployment: Deployment, variables: dict[str, Any]) -> None:
        self._guarded = guarded
        self._deployment = deployment
        self._variables = variables

    def apply(self, *arguments: str, **variables: Any) -> Change:
        """Terraform, with these variables and no others."""
        since, before = time.time(), self._guarded.state()
        self._deployment.deploy(self._variables | variables, *arguments)
        return self._seen(since, before)

    def call(self, client: Any, operation: str, **given: Any) -> Change:
        """A call beside Terraform."""
        since, before = time.time(), self._guarded.state()
        getattr(client, operation)(**given)
        self._guarded.notice(since)
        return self._seen(since, before)

    def _seen(self, since: float, before: State) -> Change:
        guarded = self._guarded
        guarded.settle()
        change = Change(
            before,
            guarded.state(),
            {record["eventName"] for record in guarded.records(since)},
            guarded.writes(since),
            guarded.repairs(since),
            guarded.notices(since),
            guarded.dead_letters(),
            self._deployment.terraform.differs(f"-target={_TRAIL}"),
        )
        # Each change stands for itself: many by one principal would be summed up.
        guarded.forget_actors()
        return change


def change_all(deployment: Deployment, variables: dict[str, Any]) -> Changes:
    """Deploy the root module with a trail of its own, and change that trail in turn."""
    principal = create_pipeline_role(deployment.root)
    variables = variables | NEVER_SWEPT | {"change_principals": [principal]}
    deployment.deploy(variables)
    inbox = Inbox(deployment.admin, deployment.inbox_url)
    guarded = Guarded(deployment, inbox)
    changer = _Changer(guarded, deployment, variables)
    by_administrator = changer.apply(
        f"-replace={_KEY}",
        event_selectors=[DATA_SELECTOR],
        insight_selectors=[{"insight_type": "ApiErrorRateInsight"}],
        s3_key_prefix="audit",
        tags={"owner": "security"},
    )
    attacked = changer.call(
        guarded.attacker(),
        "put_event_selectors",
        TrailName=guarded.trail_name,
        EventSelectors=[{"ReadWriteType": "All"}],
    )
    pipeline = as_pipeline(deployment.admin, principal)
    deployment.terraform.aws = pipeline
    by_pipeline = changer.apply()
    deployment.terraform.aws = deployment.admin
    beside_terraform = changer.call(
        pipeline.client("cloudtrail"), "update_trail", Name=guarded.trail_name, EnableLogFileValidation=False
    )
    # The last one: the provider (5.100 and 6.x) cannot take advanced selectors away without making a new trail.
    # The policies of bucket and key change with it.
    named = [f"arn:aws:iam::{deployment.account}:user/{deployment.admin.credentials.name}", principal]
    to_advanced = changer.apply(advanced_event_selectors=ADVANCED, only_changed_by=named)
    inbox.close()
    return Changes(by_administrator, attacked, by_pipeline, beside_terraform, to_advanced)

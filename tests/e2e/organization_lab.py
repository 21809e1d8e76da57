"""An organisation in the lab: a security account with the hub, three members, and an account outside.

Made in the background, once for all tests across accounts. The first two members are healed
by the hub alone, the third has a responder of its own as well.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from e2e.deployments import NEVER_SWEPT
from e2e.guarded import Guarded
from lab.aws import Aws
from lab.gateway_process import Gateway
from lab.inbox import Inbox, create_inbox
from lab.paths import INFRA
from lab.progress import Progress
from lab.session import Lab, host_architecture
from lab.terraform import Terraform

NAME = "trailkeeper"
EXTERNAL_ID = "6b1f0c52-0a4e-4f0e-9d7c-example00001"
MANAGEMENT, OUTSIDE = "444400000001", "444400000009"
TRAIL = "audit"
# What a person would declare for the trail of every account.
BASELINE: dict[str, Any] = {
    "s3_bucket_name": "audit-logs-{account}",
    "s3_key_prefix": TRAIL,
    "sns_topic_name": "",
    "kms_key_id": "",
    "is_multi_region_trail": True,
    "include_global_service_events": True,
    "enable_log_file_validation": True,
    "cloud_watch_logs_group_arn": "",
    "cloud_watch_logs_role_arn": "",
    "is_organization_trail": False,
    "event_selectors": [
        {
            "read_write_type": "All",
            "include_management_events": True,
            "exclude_management_event_sources": [],
            "data_resources": [],
        }
    ],
    "insight_selectors": [],
    "tags": {"team": "detection"},
}


@dataclass
class Account:
    """An account and its people; has what Guarded needs."""

    gateway: Gateway
    account: str
    region: str
    root: Aws
    admin: Aws
    attacker: Aws
    terraform: Terraform
    outputs: dict[str, Any] = field(default_factory=dict)
    inbox_url: str = ""


class Member(Guarded):
    """A member's trail, guarded from the security account: its function, queue and inbox are the hub's."""

    def __init__(self, site: Account, hub: Account, inbox: Inbox) -> None:
        super().__init__(site, inbox)
        self.hub = hub
        self._sqs = hub.admin.client("sqs")
        self._lambda = hub.admin.client("lambda")
        self._dynamodb = hub.root.client("dynamodb")

    def settle(self) -> None:
        """Wait for the end of what is under way here and in the hub."""
        # Here first: what is delivered ends up there.
        for account in (self.lab.account, self.hub.account, self.lab.account):
            self.wait("the end of all deliveries and runs", lambda of=account: self.control.is_finished(of), 120)
        self.wait("an empty inbox", self.inbox.is_drained)

    def control_time(self) -> float:
        """Now, after everything before has come to its end."""
        self.settle()
        return time.time()

    def sessions(self, since: float) -> set[str]:
        """The ARNs of the hub's sessions that made calls here."""
        return {request["caller"] for request in self.requests(since)}

    def forwarded(self, since: float, outcome: str) -> list[dict[str, Any]]:
        """What became of events on their way to the hub's bus."""
        found = self.control.deliveries(since=since, account=self.lab.account, outcome=outcome)
        return [delivery for delivery in found if (delivery["target"] or "").startswith("arn:aws:events:")]


@dataclass
class Organization:
    """Everything that was made."""

    id: str
    hub: Account
    a: Account
    b: Account
    both: Account
    outside: Account
    suspended: str
    hub_outputs: dict[str, Any] = field(default_factory=dict)
    local: dict[str, Any] = field(default_factory=dict)

    def members(self) -> tuple[Account, Account, Account]:
        return self.a, self.b, self.both

    @contextmanager
    def hub_environment(self, **changes: str | None) -> Iterator[None]:
        """Change the hub's environment; None takes a variable away."""
        functions, name = self.hub.admin.client("lambda"), self.hub_outputs["responder"]["function_name"]
        before = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        after = {key: value for key, value in (before | changes).items() if value is not None}
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": after})
        try:
            yield
        finally:
            functions.update_function_configuration(FunctionName=name, Environment={"Variables": before})


class OrganizationLab:
    """Makes it, in the background."""

    def __init__(self, quiet: Progress) -> None:
        self._quiet = quiet
        self._pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="organization")
        self._future: Future[Organization] | None = None

    def start(self, lab: Lab) -> None:
        """Begin."""
        self._future = self._pool.submit(self._make, lab)

    def get(self) -> Organization:
        """The organisation; raises what stood in the way."""
        assert self._future is not None, "nobody wanted an organisation"
        return self._future.result(timeout=400)

    def close(self) -> None:
        """Wait for what is under way; the emulator forgets the rest."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _make(self, lab: Lab) -> Organization:
        management = lab.as_account(MANAGEMENT).client("organizations")
        identifier = management.create_organization(FeatureSet="ALL")["Organization"]["Id"]
        names = ("security", "member-a", "member-b", "member-both", "closed")
        security, a, b, both, closed = (_create_account(management, name) for name in names)
        management.register_delegated_administrator(
            AccountId=security, ServicePrincipal="member.org.stacksets.cloudformation.amazonaws.com"
        )
        management.close_account(AccountId=closed)
        sites = [self._account(lab, *each) for each in zip(names, (security, a, b, both), strict=False)]
        organization = Organization(identifier, *sites, self._account(lab, "outside", OUTSIDE), closed)
        self._deploy_hub(lab, organization)
        members = [self._pool.submit(self._deploy_member, lab, organization, site) for site in organization.members()]
        for member in members:
            member.result()
        return organization

    def _account(self, lab: Lab, name: str, account: str) -> Account:
        root = lab.as_account(account)
        admin, attacker = lab.create_users(root)
        log = lab.directory / f"terraform-{name}.log"
        terraform = Terraform(lab.directory / name, admin, self._quiet, log)
        return Account(lab.gateway, account, lab.region, root, admin, attacker, terraform)

    def _deploy_hub(self, lab: Lab, organization: Organization) -> None:
        hub = organization.hub
        trail = f"arn:aws:cloudtrail:{hub.region}:{{account}}:trail/{TRAIL}"
        hub.terraform.write(
            INFRA / "modules" / "organization",
            NEVER_SWEPT
            | {
                "name": NAME,
                "package": str(lab.package.resolve()),
                "architecture": host_architecture(),
                "organization_id": organization.id,
                "external_id": EXTERNAL_ID,
                "member_trails": {trail: {"baseline": BASELINE}},
                "excluded_accounts": [MANAGEMENT],
                "sweep_fan_out": True,
                "member_responders": True,
            },
        )
        hub.terraform.init()
        organization.hub_outputs = hub.outputs = hub.terraform.apply()["outputs"]
        hub.inbox_url = create_inbox(hub.admin, hub.outputs["topic_arn"])

    def _deploy_member(self, lab: Lab, organization: Organization, site: Account) -> None:
        hub = organization.hub_outputs
        given = {"name": NAME, "hub": hub["hub"], "baselines": hub["member_baselines"]}
        site.terraform.write(INFRA / "modules" / "member", given)
        directory = site.terraform.directory
        shutil.copy(Path(__file__).parent / "organization" / "trail.tf", directory)
        if site is organization.both:
            _add_responder(lab, site)
        site.terraform.init()
        outputs = site.terraform.apply()
        if site is organization.both:
            organization.local = outputs["local"]
        responder = hub["responder"]
        site.outputs = {
            "trail_arn": outputs["trail_arn"],
            "responder_role_arn": outputs["outputs"]["remediation_role_arn"],
            "responder_function_name": responder["function_name"],
            "alerts_topic_arn": hub["topic_arn"],
            "dead_letter_queue_url": responder["dead_letter_queue_url"],
            "event_rule_name": responder["event_rule_name"],
            "forwarding_dead_letter_queue_url": outputs["outputs"]["dead_letter_queue_url"],
        }


def _create_account(management: Any, name: str) -> str:
    given = {"Email": f"{name}@example.com", "AccountName": name}
    return management.create_account(**given)["CreateAccountStatus"]["AccountId"]


def _add_responder(lab: Lab, site: Account) -> None:
    """A responder in the member itself, for the same trail, from the modules that the root module is made of."""
    directory = site.terraform.directory
    trail = f"arn:aws:cloudtrail:{site.region}:{site.account}:trail/{TRAIL}"

    def module(name: str, **given: Any) -> dict[str, Any]:
        return {"source": os.path.relpath(INFRA / "modules" / name, directory), "name": NAME} | given

    declared = json.loads(json.dumps(BASELINE).replace("{account}", site.account))
    modules = {
        "notifications": module("notifications"),
        "baseline": module("baseline", trail_arn=trail, baseline=declared),
        "responder": module(
            "responder",
            package=str(lab.package.resolve()),
            architecture=host_architecture(),
            baselines=["${module.baseline.baseline}"],
            trails_ready=["${aws_cloudtrail.audit.arn}"],
            topic_arn="${module.notifications.topic_arn}",
            topic_kms_key_arn="${module.notifications.kms_key_arn}",
            peer_roles=[f"arn:aws:iam::{site.account}:role/{NAME}-remediation"],
            understudy=False,
            **NEVER_SWEPT,
        ),
    }
    outputs = {"local": {"value": {"responder": "${module.responder}", "topic": "${module.notifications.topic_arn}"}}}
    (directory / "responder.tf.json").write_text(json.dumps({"module": modules, "output": outputs}))

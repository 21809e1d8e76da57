"""The stack sets' template in the lab: rendered by Terraform, deployed by CloudFormation into members' accounts.

No emulator has service-managed StackSets that deploy, so each account gets a plain stack
of the same template.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from dataclasses import dataclass, field
from typing import Any

from lab.aws import Aws
from lab.inbox import create_inbox
from lab.paths import INFRA, host_architecture
from lab.progress import LabError
from lab.session import Lab

NAME, TRAIL, STACK = "trailkeeper", "audit", "trailkeeper-member"
EXTERNAL_ID = "2f1e4c0a-8a57-4d55-9b1e-5a4a0c3f7d11"
MANAGEMENT = "555600000001"
_GUARDS = {"settings": False, "event_selectors": False, "insight_selectors": False, "tags": False}
_SECONDS = 60.0


@dataclass
class Member:
    """An account with its people and its stack."""

    account: str
    root: Aws
    admin: Aws
    attacker: Aws

    def deploy(self, template: str) -> None:
        """Make the stack, or update it."""
        client = self.admin.client("cloudformation")
        exists = any(stack["StackName"] == STACK for stack in client.describe_stacks()["Stacks"])
        call = client.update_stack if exists else client.create_stack
        call(StackName=STACK, TemplateBody=template, Capabilities=["CAPABILITY_NAMED_IAM"])
        status = self._settled()
        if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            events = client.describe_stack_events(StackName=STACK)["StackEvents"]
            reasons = [event.get("ResourceStatusReason") for event in events if "FAILED" in event["ResourceStatus"]]
            raise LabError(f"the stack ended as {status}: {reasons}")

    def resources(self) -> dict[str, str]:
        """Types of what the stack has made, by logical id."""
        found = self.admin.client("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
        return {each["LogicalResourceId"]: each["ResourceType"] for each in found}

    def delete(self) -> None:
        """Delete the stack with all that it has made."""
        self.admin.client("cloudformation").delete_stack(StackName=STACK)
        self._settled()

    def _settled(self) -> str:
        client, deadline = self.admin.client("cloudformation"), time.monotonic() + _SECONDS
        while time.monotonic() < deadline:
            stacks = [each for each in client.describe_stacks()["Stacks"] if each["StackName"] == STACK]
            status = stacks[0]["StackStatus"] if stacks else "DELETE_COMPLETE"
            if not status.endswith("_IN_PROGRESS"):
                return status
            time.sleep(0.1)
        raise LabError(f"the stack was not done within {_SECONDS:.0f} s")


@dataclass
class Stacks:
    """A security account with what the templates refer to, and three accounts that get stacks."""

    lab: Lab
    organization_id: str
    hub: Member
    member: Member
    excluded: Member
    bucket: str = ""
    topic_arn: str = ""
    bus_arn: str = ""
    inbox_url: str = ""
    templates: dict[str, str] = field(default_factory=dict)

    @property
    def trail_arn(self) -> str:
        """The trail of every account."""
        return f"arn:aws:cloudtrail:{self.lab.region}:{{account}}:trail/{TRAIL}"

    def document(self, **declared: Any) -> str:
        """A baseline as Terraform writes it."""
        document = {"schema": "trailkeeper.baseline", "version": 1, "trail_arn": self.trail_arn, "is_logging": True}
        return json.dumps(document | declared, separators=(",", ":"), sort_keys=True)

    def render(self, document: str, package_key: str = "package.zip") -> dict[str, str]:
        """The templates by what they bring: hub, forwarding, responder."""
        parameter = parameter_name(document)
        hub = {
            "role_arn": f"arn:aws:iam::{self.hub.account}:role/{NAME}-responder",
            "bus_arn": self.bus_arn,
            "external_id": EXTERNAL_ID,
            "organization_id": self.organization_id,
        }
        common = {"hub": hub, "excluded_accounts": [self.excluded.account]}
        responder = {
            "package_bucket": self.bucket,
            "package_key": package_key,
            "architecture": host_architecture(),
            "topic_arn": self.topic_arn,
            "topic_kms_key_arn": f"arn:aws:kms:{self.lab.region}:{self.hub.account}:key/none",
            "documents": {parameter: document},
            # Sweeps come when a test asks for one.
            "sweep_interval_minutes": 60,
        }
        trails = {"baselines": [_baseline(self.trail_arn, parameter), _baseline(self._only_here("extra"), "/extra/1")]}
        return self._apply(
            {
                "hub": common | trails,
                "forwarding": common,
                "responder": common | trails | {"responder": responder},
            }
        )

    def _only_here(self, name: str) -> str:
        return self.trail_arn.replace("{account}", self.member.account).replace(TRAIL, name)

    def _apply(self, calls: dict[str, dict[str, Any]]) -> dict[str, str]:
        """The module makes nothing, so this needs no provider and no AWS."""
        terraform = self.lab.terraform_in("member-template", self.hub.admin)
        terraform.directory.mkdir(parents=True, exist_ok=True)
        source = os.path.relpath(INFRA / "modules" / "member-template", terraform.directory)
        configuration = {
            "module": {name: {"source": source} | given for name, given in calls.items()},
            "output": {name: {"value": f"${{module.{name}.body}}"} for name in calls},
        }
        (terraform.directory / "main.tf.json").write_text(json.dumps(configuration))
        terraform.init()
        return terraform.apply()


def parameter_name(document: str) -> str:
    """The last part is the hash of the document, as Terraform names it."""
    return f"/{NAME}/{NAME}/{TRAIL}/{hashlib.sha256(document.encode()).hexdigest()}"


def make_stacks(lab: Lab) -> Stacks:
    """An organisation of three accounts, with stacks of the full template in all of them."""
    management = lab.as_account(MANAGEMENT).client("organizations")
    identifier = management.create_organization(FeatureSet="ALL")["Organization"]["Id"]
    stacks = Stacks(lab, identifier, *(_member(lab, management, name) for name in ("hub", "member", "excluded")))
    _prepare_hub(stacks)
    stacks.templates = stacks.render(stacks.document())
    for account in (stacks.hub, stacks.member, stacks.excluded):
        account.deploy(stacks.templates["responder"])
    return stacks


def _member(lab: Lab, management: Any, name: str) -> Member:
    made = management.create_account(Email=f"{name}@example.org", AccountName=f"stack-{name}")
    account = made["CreateAccountStatus"]["AccountId"]
    root = lab.as_account(account)
    return Member(account, root, *lab.create_users(root))


def _prepare_hub(stacks: Stacks) -> None:
    """What the module organization makes and the templates refer to: package, topic, bus."""
    admin, account = stacks.hub.admin, stacks.hub.account
    here = {"StringEquals": {"aws:PrincipalOrgID": stacks.organization_id}}
    stacks.bucket = f"{NAME}-packages-{account}"
    s3 = admin.client("s3")
    s3.create_bucket(Bucket=stacks.bucket, CreateBucketConfiguration={"LocationConstraint": stacks.lab.region})
    s3.put_bucket_policy(
        Bucket=stacks.bucket, Policy=_policy("s3:GetObject", f"arn:aws:s3:::{stacks.bucket}/*", **here)
    )
    s3.put_object(Bucket=stacks.bucket, Key="package.zip", Body=stacks.lab.package.read_bytes())

    stacks.topic_arn = admin.client("sns").create_topic(Name=f"{NAME}-alerts")["TopicArn"]
    publishers = here | {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::*:role/{NAME}-responder"}}
    admin.client("sns").set_topic_attributes(
        TopicArn=stacks.topic_arn,
        AttributeName="Policy",
        AttributeValue=_policy("sns:Publish", stacks.topic_arn, **publishers),
    )
    stacks.inbox_url = create_inbox(admin, stacks.topic_arn)

    events = admin.client("events")
    stacks.bus_arn = events.create_event_bus(Name=NAME)["EventBusArn"]
    senders = here | {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::*:role/{NAME}-forwarding-*"}}
    events.put_permission(EventBusName=NAME, Policy=_policy("events:PutEvents", stacks.bus_arn, **senders))


def _policy(action: str, resource: str, **condition: Any) -> str:
    statement = {"Sid": "Members", "Effect": "Allow", "Principal": "*", "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement | {"Condition": condition}]})


def _baseline(trail_arn: str, parameter: str) -> dict[str, Any]:
    return {
        "trail_arn": trail_arn,
        "parameter_name": parameter,
        "parameter_path": parameter.rpartition("/")[0],
        "can_be_recreated": False,
        "guards": _GUARDS,
    }

"""An organisation in moto: the management account, units with accounts, and Terraform for two of the accounts."""

from __future__ import annotations

import io
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moto.moto_server.threaded_moto_server import ThreadedMotoServer

from e2e.moto_gaps import fill_gaps
from lab.aws import Aws, Credentials
from lab.progress import Progress
from lab.terraform import Terraform

REGION = "eu-west-1"
# moto's own account, in which whoever is unknown is.
MANAGEMENT = "123456789012"


@dataclass
class MotoOrganization:
    """The ids, and everybody's Aws."""

    id: str
    root: str
    workloads: str
    nested: str
    sandbox: str
    security: str
    # name -> id: security and archive (security), shop (workloads), bank (nested below it), playground (sandbox)
    accounts: dict[str, str]
    management_aws: Aws

    def aws(self, account: str) -> Aws:
        """An administrator of one of the accounts."""
        if account == MANAGEMENT:
            return self.management_aws
        session = self.management_aws.client("sts").assume_role(
            RoleArn=f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole", RoleSessionName="administrator"
        )["Credentials"]
        return self.management_aws.as_(
            Credentials(account, session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])
        )

    def terraform(self, infra: Path, example: str, account: str) -> Terraform:
        """An example, for an account's administrator."""
        log = infra.parent / f"terraform-{example}.log"
        return Terraform(infra / "examples" / example, self.aws(account), Progress(io.StringIO()), log, quiet=True)


@contextmanager
def moto_organization() -> Iterator[MotoOrganization]:
    """Runs as long as the block; on a port that was free, on loopback only."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        with fill_gaps():
            endpoint = "http://{}:{}".format(*server.get_host_and_port())
            # moto's state is the process's: what an organisation before left would still be there.
            urllib.request.urlopen(urllib.request.Request(f"{endpoint}/moto-api/reset", method="POST"), timeout=30)
            yield _make(Aws(endpoint, REGION, Credentials("management", "AKIAMANAGEMENT", "secret")))
    finally:
        server.stop()


def _make(management: Aws) -> MotoOrganization:
    organizations = management.client("organizations")
    organization = organizations.create_organization(FeatureSet="ALL")["Organization"]["Id"]
    root = organizations.list_roots()["Roots"][0]["Id"]

    def unit(name: str, parent: str) -> str:
        return organizations.create_organizational_unit(ParentId=parent, Name=name)["OrganizationalUnit"]["Id"]

    def account(name: str, parent: str) -> str:
        created = organizations.create_account(Email=f"{name}@example.com", AccountName=name)
        identifier = created["CreateAccountStatus"]["AccountId"]
        organizations.move_account(AccountId=identifier, SourceParentId=root, DestinationParentId=parent)
        return identifier

    workloads, sandbox, security = (unit(name, root) for name in ("workloads", "sandbox", "security"))
    nested = unit("production", workloads)
    places = {"security": security, "archive": security, "shop": workloads, "bank": nested, "playground": sandbox}
    accounts = {name: account(name, parent) for name, parent in places.items()}
    return MotoOrganization(organization, root, workloads, nested, sandbox, security, accounts, management)


def stack_instances(aws: Aws, stack_set: str) -> set[tuple[str, str, str]]:
    """Account, region and status of each stack."""
    summaries: list[dict[str, Any]] = aws.client("cloudformation").list_stack_instances(
        StackSetName=stack_set, CallAs="DELEGATED_ADMIN"
    )["Summaries"]
    return {(summary["Account"], summary["Region"], summary["Status"]) for summary in summaries}

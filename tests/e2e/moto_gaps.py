"""What moto 5.2 leaves out of Organizations, StackSets and Lambda, and Terraform needs: filled in, as AWS documents it.

Nothing here knows of Trailkeeper.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from moto.awslambda.models import LambdaFunction
from moto.awslambda.policy import Policy
from moto.cloudformation.models import StackInstance, StackInstances, StackSet
from moto.cloudformation.responses import CloudFormationResponse
from moto.cloudtrail.responses import CloudTrailResponse
from moto.iam.models import Role
from moto.organizations import organizations_backends
from moto.organizations.models import FakeDelegatedAdministrator, OrganizationsBackend

_DELEGABLE = ["member.org.stacksets.cloudformation.amazonaws.com", "cloudtrail.amazonaws.com"]


def _organization_of(account: str, partition: str) -> OrganizationsBackend:
    """A member's calls are about the organisation of its management account."""
    management, partition = organizations_backends.master_accounts.get(account, (account, partition))
    return organizations_backends[management][partition]


def _register(self: CloudTrailResponse) -> str:
    """CloudTrail registers with Organizations itself."""
    organization = organizations_backends[self.current_account][self.partition]
    account = self._get_param("MemberAccountId")
    organization.register_delegated_administrator(AccountId=account, ServicePrincipal="cloudtrail.amazonaws.com")
    return "{}"


def _deregister(self: CloudTrailResponse) -> str:
    organization = organizations_backends[self.current_account][self.partition]
    account = self._get_param("DelegatedAdminAccountId")
    organization.deregister_delegated_administrator(AccountId=account, ServicePrincipal="cloudtrail.amazonaws.com")
    return "{}"


def _create_stack_set(original: Callable[..., Any]) -> Callable[..., Any]:
    """Keeps what moto forgets of a stack set's settings."""

    def create(self: CloudFormationResponse) -> Any:
        answer = original(self)
        made = self.cloudformation_backend.describe_stack_set(self._get_param("StackSetName"))
        made.auto_deployment = self._get_param("AutoDeployment")
        made.capabilities = self._get_param("Capabilities", [])
        made.kept_managed_execution = self._get_param("ManagedExecution") or {"Active": False}
        return answer

    return create


def _delete_stack_instances(original: Callable[..., Any]) -> Callable[..., Any]:
    """Targets may be units, then it is their accounts' stacks that go."""

    def delete(self: CloudFormationResponse) -> Any:
        made = self.cloudformation_backend.describe_stack_set(self._get_param("StackSetName"))
        units = (self._get_params().get("DeploymentTargets") or {}).get("OrganizationalUnitIds", [])
        regions = self._get_param("Regions", [])
        accounts = [instance.account_id for instance in made.stack_instances if instance.unit in units]
        if accounts:
            made.delete_stack_instances(accounts, regions)
        return original(self)

    return delete


def _create_instances(original: Callable[..., Any]) -> Callable[..., Any]:
    """Remembers for which unit a stack was made, and goes down the tree as deep as it is."""

    def create(self: StackInstances, accounts: Any, regions: Any, parameters: Any, targets: Any, **more: Any) -> Any:
        units = targets.get("OrganizationalUnitIds", [])
        for unit in units:
            below = _tree(self.org_backend, unit)
            members = [account.id for account in self.org_backend.accounts if account.parent_id in below]
            members = [account for account in members if account != self.org_backend.account_id]
            known = set(map(id, self.stack_instances))
            original(self, members, regions, parameters, {}, **more)
            for instance in self.stack_instances:
                if id(instance) not in known:
                    instance.unit = unit
        return [] if units else original(self, accounts, regions, parameters, targets, **more)

    return create


def _tree(organization: OrganizationsBackend, unit: str) -> set[str]:
    children = [child.id for child in organization.ou if child.parent_id == unit]
    return {unit}.union(*(_tree(organization, child) for child in children))


def _instance_to_dict(original: Callable[..., Any]) -> Callable[..., Any]:
    def to_dict(self: StackInstance) -> dict[str, Any]:
        return original(self) | {"OrganizationalUnitId": self.unit}

    return to_dict


def _create_function(original: Callable[..., None]) -> Callable[..., None]:
    def create(self: LambdaFunction, account_id: str, spec: dict[str, Any], *arguments: Any, **more: Any) -> None:
        original(self, account_id, spec, *arguments, **more)
        self.logging_config = spec.get("LoggingConfig")

    return create


def _function_configuration(original: Callable[..., Any]) -> Callable[..., Any]:
    def configuration(self: LambdaFunction, *arguments: Any, **more: Any) -> dict[str, Any]:
        return original(self, *arguments, **more) | {"LoggingConfig": self.logging_config}

    return configuration


def _put_policy(original: Callable[..., None]) -> Callable[..., None]:
    """A template's policy is an object, what IAM keeps is text."""

    def put(self: Role, name: str, document: Any) -> None:
        original(self, name, document if isinstance(document, str) else json.dumps(document))

    return put


def _one_at_a_time(original: Callable[..., Any]) -> Callable[..., Any]:
    """Of two statements that are removed side by side moto overlooks one."""
    lock = threading.Lock()

    def change(*arguments: Any, **more: Any) -> Any:
        with lock:
            return original(*arguments, **more)

    return change


@contextmanager
def fill_gaps() -> Iterator[None]:
    """As long as the block runs."""
    with ExitStack() as stack:

        def put(target: Any, name: str, value: Any) -> None:
            stack.enter_context(mock.patch.object(target, name, value, create=True))

        put(
            FakeDelegatedAdministrator,
            "SUPPORTED_SERVICES",
            [*FakeDelegatedAdministrator.SUPPORTED_SERVICES, *_DELEGABLE],
        )
        put(CloudTrailResponse, "register_organization_delegated_admin", _register)
        put(CloudTrailResponse, "deregister_organization_delegated_admin", _deregister)
        put(StackInstances, "org_backend", property(lambda self: _organization_of(self.account_id, self.partition)))
        put(StackInstances, "create_instances", _create_instances(StackInstances.create_instances))
        put(StackInstance, "unit", None)
        put(StackInstance, "to_dict", _instance_to_dict(StackInstance.to_dict))
        put(StackSet, "managed_execution", property(lambda self: self.kept_managed_execution))
        put(CloudFormationResponse, "create_stack_set", _create_stack_set(CloudFormationResponse.create_stack_set))
        put(
            CloudFormationResponse,
            "delete_stack_instances",
            _delete_stack_instances(CloudFormationResponse.delete_stack_instances),
        )
        put(Role, "put_policy", _put_policy(Role.put_policy))
        put(Policy, "del_statement", _one_at_a_time(Policy.del_statement))
        put(LambdaFunction, "__init__", _create_function(LambdaFunction.__init__))
        put(LambdaFunction, "get_configuration", _function_configuration(LambdaFunction.get_configuration))
        yield

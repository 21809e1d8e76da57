"""Organizations as its members see it: one organisation, its management account, a delegated administrator.

MiniStack 1.5 makes an organisation for every account that asks, and answers each about its
own. Here an account made with CreateAccount belongs to the organisation of its maker: it may
ask which one that is, and nothing else unless it was made a delegated administrator.
https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeOrganization.html
https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html
https://docs.aws.amazon.com/organizations/latest/APIReference/API_RegisterDelegatedAdministrator.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_account_state.html
"""

from __future__ import annotations

import json
import time
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import error_response_json, get_account_id, get_region, request_scope
from ministack.services import organizations

_LARGEST_PAGE = 20
# By management account: which account administers which services.
_delegates: dict[str, dict[str, dict[str, float]]] = {}


def install() -> None:
    """Replace the emulator's handler, and where IAM finds an account's organisation."""
    handle = organizations.handle_request
    organizations._DISPATCH["ListAccounts"] = _list_accounts
    for operation, handler in {
        "RegisterDelegatedAdministrator": _register,
        "DeregisterDelegatedAdministrator": _deregister,
        "ListDelegatedAdministrators": _list_delegates,
    }.items():
        assert operation not in organizations._DISPATCH, f"the emulator knows {operation} now"
        organizations._DISPATCH[operation] = handler

    async def handle_request(method: str, path: str, headers: dict, body: bytes, query_params: dict) -> tuple:
        operation = (headers.get("x-amz-target") or headers.get("X-Amz-Target") or "").rsplit(".", 1)[-1]
        account = get_account_id()
        management = management_of(account)
        if operation == "CreateOrganization":
            return _create(management)
        if refusal := _refusal(operation, account, management):
            return refusal
        with request_scope(management or account, get_region()):
            return await handle(method, path, headers, body, query_params)

    organizations.handle_request = handle_request
    iam_evaluator._principal_org_id = organization_of


def management_of(account: str) -> str | None:
    """The management account of an account's organisation, itself perhaps; None outside of any."""
    for management, member in list(organizations._accounts._data):
        if member == account and management != account:
            return management
    return account if organizations._orgs.contains_scoped(account, None, "self") else None


def organization_of(account: str) -> str | None:
    """The id of an account's organisation."""
    management = management_of(account)
    return organizations._orgs.get_scoped(management, None, "self")["Id"] if management else None


def _refusal(operation: str, account: str, management: str | None) -> tuple | None:
    if management is None:
        return error_response_json(
            "AWSOrganizationsNotInUseException", "Your account is not a member of an organization.", 400
        )
    if management == account or operation == "DescribeOrganization":
        return None
    if account in _delegates.get(management, {}) and operation.startswith(("List", "Describe")):
        return None
    return error_response_json("AccessDeniedException", "You don't have permissions to access this resource.", 400)


def _create(management: str | None) -> tuple:
    if management:
        return error_response_json(
            "AlreadyInOrganizationException", "The provided account is already a member of an organization.", 400
        )
    organizations._ensure_org()
    return organizations._json(200, {"Organization": dict(organizations._orgs["self"])})


def _list_accounts(given: dict[str, Any]) -> tuple:
    """MiniStack 1.5 answers with all at once, and does not know State, which follows Status."""
    size = min(int(given.get("MaxResults") or _LARGEST_PAGE), _LARGEST_PAGE)
    first = int(given.get("NextToken") or 0)
    accounts = [organizations._public_account(account) for account in organizations._accounts.values()]
    page: dict[str, Any] = {
        "Accounts": [account | {"State": account["Status"]} for account in accounts[first : first + size]]
    }
    if first + size < len(accounts):
        page["NextToken"] = str(first + size)
    return organizations._json(200, page)


def _register(given: dict[str, Any]) -> tuple:
    account, service = given.get("AccountId", ""), given.get("ServicePrincipal", "")
    if organizations._accounts.get(account) is None:
        return error_response_json("AccountNotFoundException", f"There is no account {account}.", 400)
    services = _delegates.setdefault(get_account_id(), {}).setdefault(account, {})
    if service in services:
        return error_response_json("AccountAlreadyRegisteredException", f"{account} is registered already.", 400)
    services[service] = time.time()
    return organizations._json(200, {})


def _deregister(given: dict[str, Any]) -> tuple:
    account, delegates = given.get("AccountId", ""), _delegates.get(get_account_id(), {})
    if delegates.get(account, {}).pop(given.get("ServicePrincipal", ""), None) is None:
        return error_response_json("AccountNotRegisteredException", f"{account} is not registered.", 400)
    if not delegates[account]:
        del delegates[account]
    return organizations._json(200, {})


def _list_delegates(given: dict[str, Any]) -> tuple:
    service = given.get("ServicePrincipal")
    found = []
    for account, services in _delegates.get(get_account_id(), {}).items():
        if service is None or service in services:
            known = json.loads(json.dumps(organizations._public_account(organizations._accounts[account])))
            found.append(known | {"DelegationEnabledDate": min(services.values())})
    return organizations._json(200, {"DelegatedAdministrators": found})

"""Which organisation an account belongs to, and what it may ask."""

from __future__ import annotations

from unit.cross_account import MANAGEMENT, OUTSIDE, Organization, code_of


def test_every_member_knows_its_organisation(organization: Organization) -> None:
    for account in (MANAGEMENT, organization.hub, organization.member):
        found = organization.admin(account, "organizations").describe_organization()["Organization"]
        assert (found["Id"], found["MasterAccountId"]) == (organization.id, MANAGEMENT)
    outside = organization.admin(OUTSIDE, "organizations")
    assert code_of(outside.describe_organization) == "AWSOrganizationsNotInUseException"
    assert code_of(outside.list_accounts) == "AWSOrganizationsNotInUseException"


def test_only_management_and_delegated_administrators_list_the_accounts(organization: Organization) -> None:
    member = organization.admin(organization.member, "organizations")
    assert code_of(member.list_accounts) == "AccessDeniedException"
    hub = organization.admin(organization.hub, "organizations")
    assert {a["Id"] for a in hub.list_accounts()["Accounts"]} >= {MANAGEMENT, organization.hub, organization.member}
    assert code_of(lambda: hub.create_account(Email="a@example.com", AccountName="a")) == "AccessDeniedException"
    administrators = hub.list_delegated_administrators()["DelegatedAdministrators"]
    assert [a["Id"] for a in administrators] == [organization.hub]


def test_accounts_come_in_pages_with_their_state(organization: Organization) -> None:
    management = organization.admin(MANAGEMENT, "organizations")
    made = management.create_account(Email="old@example.com", AccountName="old")["CreateAccountStatus"]["AccountId"]
    management.close_account(AccountId=made)
    pages = list(management.get_paginator("list_accounts").paginate(PaginationConfig={"PageSize": 1}))
    accounts = [account for page in pages for account in page["Accounts"]]
    assert len(pages) == len(accounts) >= 4
    states = {account["Id"]: (account["Status"], account["State"]) for account in accounts}
    assert states[made] == ("SUSPENDED", "SUSPENDED")
    assert states[organization.member] == ("ACTIVE", "ACTIVE")


def test_an_account_is_in_one_organisation(organization: Organization) -> None:
    member = organization.admin(organization.member, "organizations")
    assert code_of(lambda: member.create_organization(FeatureSet="ALL")) == "AlreadyInOrganizationException"

"""Containment: who weakens the trail again is stopped at the next call, and one command gives access back."""

from __future__ import annotations

import pytest

from e2e.containment import POLICY, Contained
from e2e.deployments import Deployments
from lab.notice_text import section


@pytest.fixture(scope="module")
def contained(deployments: Deployments) -> Contained:
    """What came of two actors who did it twice."""
    return deployments.get("containment")[1]


def test_once_is_answered_as_ever(contained: Contained) -> None:
    for story in (contained.user, contained.role):
        first = story.notices[0]
        assert (first["outcome"], first["severity"]) == ("restored", "high")
        assert "containment" not in first


def test_the_users_next_call_fails(contained: Contained) -> None:
    user = contained.user
    assert user.before is None, "the call was allowed before"
    assert user.next_call == "InvalidClientTokenId" or "Unrecognized" in str(user.next_call), "the key is inactive"
    assert "AccessDenied" in str(user.then), "and without that, the policy denies"
    second = user.notices[1]
    assert (second["outcome"], second["severity"]) == ("restored", "critical")
    assert second["containment"]["state"] == "contained"
    assert second["containment"]["policy_in_place"] is True
    assert second["containment"]["key_inactive"] is True
    assert second["containment"]["calls"] == ["iam:PutUserPolicy", "iam:UpdateAccessKey"]
    assert [(s["Effect"], s["Action"], s["Resource"]) for s in user.policy["Statement"]] == [("Deny", "*", "*")]


def test_the_sessions_next_call_fails_and_a_new_session_works(contained: Contained) -> None:
    role = contained.role
    assert role.before is None
    assert "AccessDenied" in str(role.next_call)
    assert role.then is None, "a session issued later is not revoked"
    told = role.notices[1]["containment"]
    assert (told["state"], told["calls"]) == ("contained", ["iam:PutRolePolicy"])
    assert told["principal"].endswith(":role/deploy-pipeline"), "the role, not the session that the caller named"
    condition = role.policy["Statement"][0]["Condition"]["DateLessThan"]
    assert list(condition) == ["aws:TokenIssueTime"]


def test_one_command_of_the_notice_takes_it_back(contained: Contained) -> None:
    for story in (contained.user, contained.role):
        assert story.undone is None, "the actor can act again"
        undo = story.notices[1]["containment"]["undo"]
        pasted = " ".join(story.text.replace("\\\n", "").split())
        assert undo in pasted, "the mail has the same command"
        assert POLICY in section(story.text, "CONTAINMENT")


def test_it_needs_no_more_than_it_is_given(contained: Contained) -> None:
    """Every call was made by the deployed function with the deployed policy."""
    assert {*contained.statements} == {"ContainUsers", "ContainRoles", "NeverContain"}
    assert contained.refused == []
    assert contained.dead_letters == []

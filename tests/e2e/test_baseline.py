"""Where the declared state comes from: a parameter that cannot be tampered with, or the trail as it is now."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from e2e.deployments import Deployments
from e2e.guarded import Guarded
from e2e.recipes import LoggingAlone
from e2e.trail_state import State
from lab.paths import INFRA

# Not of the state: what makes it a document.
HEAD = {"schema", "version", "trail_arn"}


def _violations(document: dict[str, Any]) -> list[str]:
    """Of the published schema."""
    schema = json.loads((INFRA / "modules" / "baseline" / "baseline.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(document)]


def _parameter(guarded: Guarded) -> tuple[str, str]:
    """Name and value of the trail's parameter, as the function is pointed to it."""
    name = guarded.parameter_name()
    return name, guarded.lab.admin.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]


def _as_state(document: dict[str, Any], guarded: Guarded) -> State:
    """A document in the words of a state, whose topic is an ARN and whose lists are in order."""
    state = {name: value for name, value in document.items() if name not in HEAD} | {"exists": True}
    topic = state["sns_topic_name"]
    if topic and not topic.startswith("arn:"):
        state["sns_topic_name"] = f"arn:aws:sns:{guarded.lab.region}:{guarded.lab.account}:{topic}"
    for selector in state.get("advanced_event_selectors", []):
        selector["field_selectors"] = sorted(selector["field_selectors"], key=lambda field: field["field"])
    return state


@pytest.mark.parametrize("account", ["guarded", "complete"])
def test_the_parameter_declares_the_trail_as_it_is(request: pytest.FixtureRequest, account: str) -> None:
    """What Terraform wrote is what Terraform made: the responder and the plan want the same."""
    guarded: Guarded = request.getfixturevalue(account)
    name, value = _parameter(guarded)
    document = json.loads(value)
    assert _violations(document) == []
    assert (document["schema"], document["version"]) == ("trailkeeper.baseline", 1)
    assert document["trail_arn"] == guarded.trail_arn
    assert name.split("/")[3] == guarded.trail_name
    assert _as_state(document, guarded) == guarded.declared


def _tampered(guarded: Guarded) -> tuple[str, str]:
    """The attacker got at the parameter: it says that validation is off."""
    name, value = _parameter(guarded)
    document = json.loads(value) | {"enable_log_file_validation": False}
    guarded.lab.admin.client("ssm").put_parameter(Name=name, Value=json.dumps(document), Overwrite=True)
    return name, value


def test_a_tampered_parameter_is_refused_loudly(guarded: Guarded) -> None:
    name, value = _tampered(guarded)
    try:
        with guarded.fresh_function():
            since = time.time()
            guarded.attacker().update_trail(Name=guarded.trail_name, EnableLogFileValidation=False)
            guarded.attack()
            guarded.wait("a logging trail", guarded.is_logging)
            letters = guarded.wait("a dead letter", guarded.dead_letters, 60)
        assert letters[0]["responsePayload"]["errorType"].endswith(".TrailNotRestored")
        assert name in letters[0]["responsePayload"]["errorMessage"]
        assert set(guarded.writes(since)) == {"cloudtrail:StartLogging"}, "nobody's words but Terraform's are healed to"
        notices = guarded.notices(since)
        assert {notice["outcome"] for notice in notices} <= {"not_restored", "unverified"}
        assert {notice["severity"] for notice in notices} == {"critical"}
        assert all("SHA-256" in notice["problem"] for notice in notices)
    finally:
        guarded.lab.admin.client("ssm").put_parameter(Name=name, Value=value, Overwrite=True)


def test_a_sweep_finds_a_tampered_parameter_too(guarded: Guarded) -> None:
    name, value = _tampered(guarded)
    try:
        with guarded.fresh_function():
            assert "FunctionError" in guarded.call_function({"trailkeeper": "sweep"})
    finally:
        guarded.lab.admin.client("ssm").put_parameter(Name=name, Value=value, Overwrite=True)


@pytest.fixture(scope="module")
def logging_alone(deployments: Deployments) -> LoggingAlone:
    """What was seen while the responder protected the logging state alone."""
    return deployments.get("complete")[1]


def test_a_captured_document_is_the_trail_as_it_is(logging_alone: LoggingAlone, complete: Guarded) -> None:
    document = json.loads(json.dumps(logging_alone.captured))
    assert _violations(document) == []
    assert document["trail_arn"] == complete.trail_arn
    assert _as_state(document, complete) == complete.declared


def test_what_was_captured_and_declared_gives_no_drift(complete: Guarded) -> None:
    """This account's responder was given the captured document."""
    since = time.time()
    complete.sweep()
    assert complete.writes(since) == []
    assert complete.notices(since) == []


def test_a_capture_changes_nothing_and_is_told_to_nobody(complete: Guarded) -> None:
    since = time.time()
    answer = complete.call_function({"trailkeeper": "baseline", "trail_arn": complete.trail_arn})
    assert "FunctionError" not in answer
    assert complete.writes(since) == []
    assert complete.notices(since) == []


def test_only_protected_trails_are_captured(complete: Guarded) -> None:
    arn = complete.trail_arn + "-not"
    assert "FunctionError" in complete.call_function({"trailkeeper": "baseline", "trail_arn": arn})


def test_the_logging_state_alone(logging_alone: LoggingAlone) -> None:
    """Without more to guard, no more is read or written."""
    assert logging_alone.notice["outcome"] == "restored"
    assert logging_alone.operations[0] == "StartLogging"
    # Nor does the search in the event history look at the trail.
    others = ("Publish", "GetParameter", "PutItem", "UpdateItem", "LookupEvents")
    of_cloudtrail = {name for name in logging_alone.operations if name not in others}
    assert of_cloudtrail == {"StartLogging", "GetTrailStatus"}
    assert logging_alone.writes_after_change == [], "the settings are not guarded"
    assert all(notice["drift"] == [] for notice in logging_alone.change_notices)

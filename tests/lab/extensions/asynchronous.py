"""Asynchronous invocations of a function as Lambda makes them, and a way to ask whether any is unfinished.

MiniStack 1.5 gives each try a request id of its own, and no metric to its failure. It counts a throttled try like a
failed one and gives the event up after two retries, where Lambda tries again until the
event is too old, six hours by default, and keeps its two retries for failures of the
function.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-retries.html
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html

`GET /_lab/unfinished?account=` is this lab's own: nothing in AWS answers that.
"""

from __future__ import annotations

import contextvars
import os
import threading
import time
import uuid
from collections import Counter
from typing import Any

from ministack.services import cloudwatch, lambda_svc

from . import event_sources, own_calls

# Lambda waits a minute and then two after a failure, from a second to five minutes for
# free concurrency. A test is not to wait as long.
_RETRY_SECONDS = float(os.environ.get("LAMBDA_ASYNC_RETRY_BASE_SECONDS", "1"))
_LONGEST_WAIT_SECONDS = 1.0
_DEFAULT_RETRIES = 2
_DEFAULT_EVENT_AGE_SECONDS = 21_600

_request_id: contextvars.ContextVar[str | None] = contextvars.ContextVar("request_id", default=None)
_unfinished: Counter[str] = Counter()
# Raised when all that is under way is given up.
_generation = 0
_lock = threading.Lock()


def install() -> None:
    """Replace the asynchronous way to invoke a function, and answer how many are unfinished."""
    lambda_svc.invoke_async_with_retry = invoke
    dispatch = lambda_svc._execute_function_dispatch

    def execute_function_dispatch(function: Any, config: Any, event: Any, request_id: str, started: float) -> Any:
        return dispatch(function, config, event, _request_id.get() or request_id, started)

    lambda_svc._execute_function_dispatch = execute_function_dispatch
    own_calls.answer("unfinished", _count)


def abandon() -> None:
    """Nothing that is under way is tried again, in any account."""
    global _generation
    with _lock:
        _generation += 1
        _unfinished.clear()


def invoke(function: dict[str, Any], event: Any) -> None:
    """Accept an event; the function runs in a thread of its own."""
    account, region = lambda_svc._account_region_from_function_config(function.get("config") or function)
    with _lock:
        _unfinished[account] += 1
        generation = _generation

    def run() -> None:
        lambda_svc._request_account_id.set(account)
        lambda_svc._request_region.set(region)
        _request_id.set(str(uuid.uuid4()))
        try:
            _try(function, event, generation)
        finally:
            with _lock:
                _unfinished[account] -= generation == _generation

    threading.Thread(target=contextvars.copy_context().run, args=(run,), daemon=True).start()


def _try(function: dict[str, Any], event: Any, generation: int) -> None:
    """As often as is configured; then the event and its error go to the destination."""
    config = function.get("config") or function
    given = function.get("event_invoke_config") or (function.get("event_invoke_configs") or {}).get("$LATEST") or {}
    retries = given.get("MaximumRetryAttempts")
    retries = _DEFAULT_RETRIES if retries is None else int(retries)
    give_up_at = time.monotonic() + int(given.get("MaximumEventAgeInSeconds") or _DEFAULT_EVENT_AGE_SECONDS)
    result: dict[str, Any] = {}
    for failures in range(retries + 1):
        if failures:
            time.sleep(_RETRY_SECONDS * 2 ** (failures - 1))
        result = _when_there_is_a_place(function, event, give_up_at, generation)
        if not result.get("error") or generation != _generation:
            return
        cloudwatch.record_metric("AWS/Lambda", "Errors", 1, "Count", {"FunctionName": config["FunctionName"]})
    on_failure = (given.get("DestinationConfig") or {}).get("OnFailure") or {}
    target = on_failure.get("Destination") or (config.get("DeadLetterConfig") or {}).get("TargetArn")
    if target:
        lambda_svc._route_async_failure(target, config["FunctionName"], event, result)


def _when_there_is_a_place(function: dict[str, Any], event: Any, give_up_at: float, generation: int) -> dict[str, Any]:
    wait = 0.1
    while generation == _generation:
        result = lambda_svc._execute_function(_with_its_places(function), event)
        if not result.get("throttle") or time.monotonic() > give_up_at:
            return result
        time.sleep(wait)
        wait = min(wait * 2, _LONGEST_WAIT_SECONDS)
    return {}


def _with_its_places(function: dict[str, Any]) -> dict[str, Any]:
    """As many as are reserved now, and not when the event came."""
    found = lambda_svc._functions.get((function.get("config") or function)["FunctionName"])
    return function | {"concurrency": found.get("concurrency")} if found else function


def _count(query: dict[str, str]) -> dict[str, Any]:
    account = query.get("account", "")
    return {"unfinished": _unfinished[account] + event_sources.unfinished(account)}

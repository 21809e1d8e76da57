"""Requests as botocore would send them, and records made from them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from botocore import serialize

from lab.gateway.decoding import Answer, read_answer, read_input
from lab.gateway.identities import Principal
from lab.gateway.operations import Call, identify, service_model
from lab.gateway.records import make_record
from lab.gateway.signature import Scope

USER = Principal(
    "IAMUser", "111122223333", "AKIAEXAMPLE", "AIDAEXAMPLE", "arn:aws:iam::111122223333:user/mallory", "mallory"
)


def request(service: str, operation: str, params: dict[str, Any], region: str = "eu-west-1") -> tuple[Call, Any]:
    """The call and its input, read back from the serialised request."""
    model = service_model(service)
    assert model is not None
    sent = serialize.create_serializer(model.resolved_protocol).serialize_to_request(
        params, model.operation_model(operation)
    )
    body = sent["body"]
    if isinstance(body, dict):
        body = urlencode(body)
    body = body.encode() if isinstance(body, str) else (body or b"")
    path, _, query = sent["url_path"].partition("?")
    if sent["query_string"]:
        more = sent["query_string"] if isinstance(sent["query_string"], str) else urlencode(sent["query_string"])
        query = "&".join(filter(None, [query, more]))
    headers = dict(sent["headers"]) | {"Host": "127.0.0.1:1"}
    scope = Scope("AKIAEXAMPLE", region, model.signing_name or service)
    call = identify(scope, sent["method"], path, query, headers, body)
    assert call is not None
    return call, read_input(call, query, headers, body)


def record(
    service: str,
    operation: str,
    params: dict[str, Any],
    *,
    status: int = 200,
    answer: bytes = b"{}",
    principal: Principal = USER,
    headers: dict[str, str] | None = None,
    region: str = "eu-west-1",
) -> dict[str, Any]:
    """The record of a call that was answered so."""
    call, given = request(service, operation, params, region)
    read: Answer = read_answer(call, status, headers or {"x-amzn-RequestId": "req-1"}, answer)
    return make_record(call, principal, given, read, epoch=1_700_000_000.9, source_ip="127.0.0.1", user_agent="test")

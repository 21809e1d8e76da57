"""Reads a call's input from the request and its output from the answer, whatever the protocol."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree

from botocore import parsers
from botocore.model import ListShape, MapShape, Shape, StructureShape

from .operations import Call

_PARSER = {
    "json": "json",
    "cbor": "smithy-rpc-v2-cbor",
    "query": "query",
    "rest-json": "rest-json",
    "rest-xml": "rest-xml",
}


@dataclass(frozen=True)
class Answer:
    """What the emulator answered, as far as a record needs it."""

    status: int
    headers: Mapping[str, str]
    output: dict[str, Any]
    error_code: str | None = None
    error_message: str | None = None

    @property
    def ok(self) -> bool:
        return self.status < 400 and self.error_code is None

    @property
    def request_id(self) -> str | None:
        return self.headers.get("x-amzn-requestid") or self.headers.get("x-amz-request-id")


def read_input(call: Call, query: str, headers: Mapping[str, str], body: bytes) -> Any:
    """The call's parameters, named as on the wire. {} for a body that cannot be read."""
    shape = call.model.input_shape if call.model else None
    try:
        if call.protocol == "json":
            return json.loads(body or b"{}")
        if call.protocol == "cbor":
            return parsers.RpcV2CBORParser().parse_data_item(io.BufferedReader(io.BytesIO(body))) if body else {}
        if call.protocol == "query":
            given = dict(parse_qsl(query, keep_blank_values=True))
            given.update(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
            return _from_query(shape, "", given) if shape is not None else _plain_query(given)
        if call.event_source == "s3.amazonaws.com":
            return _read_s3(call, query, headers, body)
        return _read_rest_json(call, shape, query, headers, body)
    except (ValueError, parsers.ResponseParserError, ElementTree.ParseError):
        return {}


def _plain_query(given: Mapping[str, str]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key not in ("Action", "Version")}


def _scalar(shape: Shape, text: str) -> Any:
    try:
        if shape.type_name in ("integer", "long"):
            return int(text)
        if shape.type_name in ("float", "double"):
            return float(text)
    except ValueError:
        return text
    return text.lower() == "true" if shape.type_name == "boolean" else text


def _given(given: Mapping[str, str], prefix: str) -> bool:
    return prefix in given or any(key.startswith(prefix + ".") for key in given)


def _from_query(shape: Shape, prefix: str, given: Mapping[str, str]) -> Any:
    """Undoes the flattening of the query protocol (`Tags.member.1.Key=...`)."""
    if isinstance(shape, StructureShape):
        found = {}
        for name, member in shape.members.items():
            wire = member.serialization.get("name", name)
            if isinstance(member, ListShape) and member.serialization.get("flattened"):
                wire = member.member.serialization.get("name", wire)
            path = f"{prefix}.{wire}" if prefix else wire
            if _given(given, path):
                found[name] = _from_query(member, path, given)
        return found
    flattened = bool(shape.serialization.get("flattened"))
    if isinstance(shape, ListShape):
        base = prefix if flattened else f"{prefix}.{shape.member.serialization.get('name', 'member')}"
        return [_from_query(shape.member, f"{base}.{n}", given) for n in _indexes(given, base)]
    if isinstance(shape, MapShape):
        base = prefix if flattened else f"{prefix}.entry"
        key = shape.key.serialization.get("name", "key")
        value = shape.value.serialization.get("name", "value")
        return {
            given[f"{base}.{n}.{key}"]: _from_query(shape.value, f"{base}.{n}.{value}", given)
            for n in _indexes(given, base)
            if f"{base}.{n}.{key}" in given
        }
    return _scalar(shape, given.get(prefix, ""))


def _indexes(given: Mapping[str, str], base: str) -> list[int]:
    tails = {key[len(base) + 1 :].split(".")[0] for key in given if key.startswith(base + ".")}
    return sorted(int(tail) for tail in tails if tail.isdigit())


def _read_rest_json(call: Call, shape: Any, query: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    found: dict[str, Any] = {}
    given = dict(parse_qsl(query, keep_blank_values=True))
    payload = shape.serialization.get("payload") if shape is not None else None
    content: Any = None
    if body and (payload is None or isinstance(shape.members[payload], StructureShape)):
        content = json.loads(body)
    if payload:
        if content is not None:
            found[payload] = content
    elif isinstance(content, dict):
        found.update(content)
    for name, member in shape.members.items() if shape is not None else ():
        location = member.serialization.get("location")
        wire = member.serialization.get("name", name)
        if location == "uri" and wire in call.labels:
            found[name] = call.labels[wire]
        elif location == "querystring" and wire in given:
            found[name] = _scalar(member, given[wire])
        elif location == "header" and wire in headers:
            found[name] = _scalar(member, headers[wire])
    return found


def _read_s3(call: Call, query: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """S3 records show the bucket, the host, the query as it was, and the XML document under its own name."""
    found: dict[str, Any] = {}
    if "Bucket" in call.labels:
        found["bucketName"] = call.labels["Bucket"]
    found["Host"] = headers.get("Host", "")
    for key, value in parse_qsl(query, keep_blank_values=True):
        if not key.lower().startswith("x-amz-") and key != "x-id":
            found[key] = value
    for key in ("x-amz-acl", "x-amz-object-ownership", "x-amz-bucket-object-lock-enabled"):
        if key in headers:
            found[key] = headers[key]
    if call.operation == "PutBucketPolicy" and body:
        found["bucketPolicy"] = json.loads(body)
    elif body:
        root = ElementTree.fromstring(body)
        found[_local(root)] = _from_xml(root)
    return found


def _local(element: ElementTree.Element) -> str:
    return element.tag.rsplit("}", 1)[-1]


def _from_xml(element: ElementTree.Element) -> Any:
    if len(element) == 0:
        return element.text or ""
    found: dict[str, Any] = {}
    for child in element:
        name, value = _local(child), _from_xml(child)
        if name in found:
            found[name] = [*(found[name] if isinstance(found[name], list) else [found[name]]), value]
        else:
            found[name] = value
    return found


def read_answer(call: Call, status: int, headers: Mapping[str, str], body: bytes) -> Answer:
    """The answer's output or error, read with botocore's own parser for the protocol."""
    shape = call.model.output_shape if call.model else None
    lowered = {key.lower(): value for key, value in headers.items()}
    try:
        parsed = parsers.create_parser(_PARSER[call.protocol]).parse(
            {"headers": lowered, "status_code": status, "body": body}, shape
        )
    except Exception:
        parsed = {}
    output = {key: value for key, value in parsed.items() if key not in ("ResponseMetadata", "Error")}
    if status < 400:
        return Answer(status, lowered, output)
    error = parsed.get("Error") or {}
    code = str(error.get("Code") or f"HTTP{status}")
    return Answer(status, lowered, {}, code, error.get("Message") or None)

"""Which API operation a signed request calls, found with botocore's service models.

Four ways an AWS client names the operation: the X-Amz-Target header (JSON), the
path `/service/S/operation/O` (CBOR), the `Action` parameter (query), or method,
path and query (REST).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import parse_qsl, unquote

import botocore.session
from botocore.exceptions import UnknownServiceError
from botocore.model import OperationModel, ServiceModel

from .signature import Scope

# Signing names whose service model has another name. (Where several services share
# a signing name, the one listed is the one that clients of today use.)
_MODEL_OF_SIGNING_NAME = {
    "monitoring": "cloudwatch",
    "email": "ses",
    "elasticloadbalancing": "elbv2",
    "tagging": "resourcegroupstaggingapi",
    "states": "stepfunctions",
}
_CBOR_PATH = re.compile(r"^/service/[^/]+/operation/([^/]+)$")
_LABEL = re.compile(r"{([^}]+)}")
_session = botocore.session.Session()


@dataclass(frozen=True)
class Call:
    """One API call: the operation and how its input travelled."""

    scope: Scope
    operation: str
    protocol: str  # json, cbor, query, rest-json or rest-xml
    model: OperationModel | None
    labels: Mapping[str, str]

    @property
    def event_source(self) -> str:
        """CloudTrail's eventSource: the endpoint's host name without the region."""
        prefix = self.model.service_model.endpoint_prefix if self.model else self.scope.service
        return f"{'s3' if prefix == 's3-control' else prefix}.amazonaws.com"

    @property
    def region(self) -> str:
        """CloudTrail's awsRegion: global services (IAM, Organizations, ...) record in their one region."""
        return global_region(self.event_source.removesuffix(".amazonaws.com")) or self.scope.region


@cache
def global_region(endpoint_prefix: str) -> str | None:
    """The region of a service that has one endpoint for all regions; None for a regional service."""
    for partition in _session.get_data("endpoints")["partitions"]:
        if partition["partition"] == "aws":
            service = partition["services"].get(endpoint_prefix, {})
            if service.get("isRegionalized", True) or "partitionEndpoint" not in service:
                return None
            endpoint = service["endpoints"][service["partitionEndpoint"]]
            return endpoint.get("credentialScope", {}).get("region")
    return None


@cache
def service_model(name: str) -> ServiceModel | None:
    """botocore's model of a service, or None for one it does not know."""
    try:
        return _session.get_service_model(name)
    except UnknownServiceError:
        return None


def model_for(scope: Scope, path: str) -> ServiceModel | None:
    """The service model that a credential scope (and, for S3 Control, the path) points at."""
    if scope.service == "s3" and path.startswith("/v20180820/"):
        return service_model("s3control")
    return service_model(_MODEL_OF_SIGNING_NAME.get(scope.service, scope.service))


def _operation(model: ServiceModel | None, name: str) -> OperationModel | None:
    return model.operation_model(name) if model and name in model.operation_names else None


def identify(scope: Scope, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Call | None:
    """The call that a request makes; None if no operation can be told from it."""
    model = model_for(scope, path)
    target = headers.get("X-Amz-Target", "")
    if target:
        name = target.rsplit(".", 1)[-1]
        return Call(scope, name, "json", _operation(model, name), {})
    found = _CBOR_PATH.match(path)
    if found:
        return Call(scope, found.group(1), "cbor", _operation(model, found.group(1)), {})
    action = dict(parse_qsl(query)).get("Action")
    if not action and "x-www-form-urlencoded" in headers.get("Content-Type", ""):
        action = dict(parse_qsl(body.decode("utf-8", "replace"))).get("Action")
    if action:
        return Call(scope, action, "query", _operation(model, action), {})
    if model is None or not model.metadata.get("protocol", "").startswith("rest"):
        return None
    return _identify_rest(scope, model, method, path, query)


@dataclass(frozen=True)
class _Route:
    name: str
    method: str
    path: re.Pattern[str]
    labels: tuple[str, ...]
    query: frozenset[tuple[str, str | None]]
    literal: int


@cache
def _routes(model: ServiceModel) -> tuple[_Route, ...]:
    """The REST routes of a service, the most specific first."""
    routes = []
    for name in model.operation_names:
        http = model.operation_model(name).http
        path, _, query = http["requestUri"].partition("?")
        labels, pattern, position = [], "", 0
        path = path.rstrip("/") or "/"
        for label in _LABEL.finditer(path):
            pattern += re.escape(path[position : label.start()])
            greedy = label.group(1).endswith("+")
            labels.append(label.group(1).rstrip("+"))
            pattern += "(.+)" if greedy else "([^/]+)"
            position = label.end()
        pattern += re.escape(path[position:])
        fixed = frozenset(
            (key, value or None) for key, _, value in (part.partition("=") for part in query.split("&") if part)
        )
        literal = len(_LABEL.sub("", path))
        routes.append(_Route(name, http["method"], re.compile(f"^{pattern}$"), tuple(labels), fixed, literal))
    return tuple(sorted(routes, key=lambda r: (-len(r.query), -r.literal, r.name)))


def _identify_rest(scope: Scope, model: ServiceModel, method: str, path: str, query: str) -> Call | None:
    given = dict(parse_qsl(query, keep_blank_values=True))
    path = path.rstrip("/") or "/"
    for route in _routes(model):
        if route.method != method:
            continue
        if not all(key in given and (value is None or given[key] == value) for key, value in route.query):
            continue
        found = route.path.match(path)
        if found:
            labels = {name: unquote(value) for name, value in zip(route.labels, found.groups(), strict=True)}
            protocol = model.metadata["protocol"]
            return Call(scope, route.name, protocol, model.operation_model(route.name), labels)
    return None

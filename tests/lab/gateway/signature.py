"""Who signed a request, for which service and region: the credential scope of Signature Version 4."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

_CREDENTIAL = re.compile(r"Credential=([^,\s]+)")


@dataclass(frozen=True)
class Scope:
    """access key id / date / region / service, as the client signed them."""

    access_key_id: str
    region: str
    service: str


def parse(value: str) -> Scope | None:
    """The scope in `AKID/20260101/eu-west-1/cloudtrail/aws4_request`, or None if it is something else."""
    parts = value.split("/")
    if len(parts) != 5 or parts[4] != "aws4_request" or not parts[0]:
        return None
    return Scope(access_key_id=parts[0], region=parts[2], service=parts[3].lower())


def scope_of(headers: Mapping[str, str], query: str) -> Scope | None:
    """The scope of a header-signed or a presigned request; None for an unsigned one."""
    found = _CREDENTIAL.search(headers.get("Authorization", ""))
    if found:
        return parse(found.group(1))
    presigned = parse_qs(query).get("X-Amz-Credential")
    return parse(presigned[0]) if presigned else None

"""Turns inputs and outputs into the lowerCamelCase JSON of CloudTrail records, without any secret.

What botocore's models mark as sensitive is hidden, blobs are left out (CloudTrail
does so too), and names known to hold secrets are hidden whatever the model says.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
_SECRET_NAMES = {
    "secretaccesskey",
    "sessiontoken",
    "securitytoken",
    "password",
    "newpassword",
    "oldpassword",
    "secretstring",
    "secretbinary",
    "plaintext",
    "privatekey",
    "authtoken",
    "masteruserpassword",
    "clientsecret",
    "authparameters",
    "privatekeyplaintext",
    "keymaterial",
}


def camel(name: str) -> str:
    """CloudTrail's spelling of a member's name: only the first letter changes (`KMSKeyId` -> `kMSKeyId`)."""
    return name[:1].lower() + name[1:]


def is_secret(name: str) -> bool:
    """Whether a member of this name is hidden even if its model does not say so."""
    return name.lower().replace("_", "").replace("-", "") in _SECRET_NAMES


def _is_sensitive(shape: Shape | None) -> bool:
    return shape is not None and bool(shape.metadata.get("sensitive"))


def to_record(shape: Shape | None, value: Any) -> Any:
    """A decoded input or output as a record shows it."""
    if value is None:
        return None
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        return _structure(shape, value)
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [to_record(shape.member, item) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, Mapping):
        if _is_sensitive(shape) or _is_sensitive(shape.value):
            return {}
        return {
            str(key): HIDDEN if is_secret(str(key)) else to_record(shape.value, item) for key, item in value.items()
        }
    if isinstance(value, Mapping):  # no model: keep the shape, hide what is secret by name
        return {
            camel(str(key)): HIDDEN if is_secret(str(key)) else to_record(None, item) for key, item in value.items()
        }
    if isinstance(value, list):
        return [to_record(None, item) for item in value]
    if isinstance(value, datetime):
        return value.strftime("%b %d, %Y %I:%M:%S %p")
    if isinstance(value, bytes):
        return base64.b64encode(value).decode() if shape is None else None
    return value


def _structure(shape: StructureShape, value: Mapping[str, Any]) -> dict[str, Any]:
    if _is_sensitive(shape):
        return {}
    by_wire_name = {member.serialization.get("name", name): (name, member) for name, member in shape.members.items()}
    record: dict[str, Any] = {}
    for key, item in value.items():
        name, member = by_wire_name.get(key) or (key, shape.members.get(key))
        if is_secret(name) or (_is_sensitive(member) and not isinstance(member, (StructureShape, MapShape))):
            record[camel(name)] = HIDDEN
        elif member is not None and member.type_name == "blob":
            continue
        else:
            record[camel(name)] = to_record(member, item)
    return record


def holds_secrets(shape: Shape | None, seen: frozenset[str] = frozenset()) -> bool:
    """Whether an input or output of this shape can carry a secret, so that its raw body must not be kept."""
    if shape is None or shape.name in seen:
        return False
    seen = seen | {shape.name}
    if _is_sensitive(shape):
        return True
    if isinstance(shape, StructureShape):
        return any(is_secret(name) or holds_secrets(member, seen) for name, member in shape.members.items())
    if isinstance(shape, ListShape):
        return holds_secrets(shape.member, seen)
    if isinstance(shape, MapShape):
        return holds_secrets(shape.value, seen)
    return False

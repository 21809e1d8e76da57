"""What a target gets: the event, part of it (InputPath), a constant (Input) or a template (InputTransformer).

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import json
import re
from typing import Any

_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+)\]|\['([^']+)'\]")
_PLACEHOLDER = re.compile(r"<([A-Za-z0-9_.-]+)>")
_MISSING = object()


def at_path(event: Any, path: str) -> Any:
    """The value at a JSON path such as `$.detail.eventName`; the module's _MISSING if there is none."""
    value = event
    for step in _STEP.finditer(path[1:]):
        name, index, quoted = step.groups()
        key = name or quoted
        if key is not None and isinstance(value, dict) and key in value:
            value = value[key]
        elif index is not None and isinstance(value, list) and int(index) < len(value):
            value = value[int(index)]
        else:
            return _MISSING
    return value


def _transform(event: dict[str, Any], transformer: dict[str, Any]) -> str:
    values = {name: at_path(event, path) for name, path in (transformer.get("InputPathsMap") or {}).items()}
    values["aws.events.event.json"] = event
    values["aws.events.event.ingestion-time"] = event.get("time")
    template = transformer["InputTemplate"]

    def fill(found: re.Match[str]) -> str:
        value = values.get(found.group(1), _MISSING)
        if value is _MISSING:
            return ""
        inside_text = template[: found.start()].replace('\\"', "").count('"') % 2 == 1
        if isinstance(value, str):
            return json.dumps(value)[1:-1] if inside_text else json.dumps(value)
        text = json.dumps(value)
        return json.dumps(text)[1:-1] if inside_text else text

    return _PLACEHOLDER.sub(fill, template)


def payload_for(event: dict[str, Any], target: dict[str, Any]) -> str:
    """The JSON text that a target of a rule receives for an event."""
    if target.get("InputTransformer"):
        return _transform(event, target["InputTransformer"])
    if target.get("Input") is not None:
        return str(target["Input"])
    if target.get("InputPath"):
        value = at_path(event, target["InputPath"])
        return json.dumps(None if value is _MISSING else value)
    return json.dumps(event)

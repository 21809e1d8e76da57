"""The file that a client sources to attack the lab."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from .session import Lab


def variables(lab: Lab) -> dict[str, str]:
    """What is exported: the attacker's credentials are the ones that AWS clients pick up."""
    outputs = lab.outputs
    return {
        "AWS_ENDPOINT_URL": lab.gateway.url,
        "AWS_REGION": lab.region,
        "AWS_DEFAULT_REGION": lab.region,
        "AWS_ACCESS_KEY_ID": lab.attacker.credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": lab.attacker.credentials.secret_access_key,
        "ADMIN_AWS_ACCESS_KEY_ID": lab.admin.credentials.access_key_id,
        "ADMIN_AWS_SECRET_ACCESS_KEY": lab.admin.credentials.secret_access_key,
        "TRAIL_ARN": outputs["trail_arn"],
        "TRAIL_NAME": outputs["trail_arn"].rsplit("/", 1)[-1],
        "FUNCTION_NAME": outputs["responder_function_name"],
        "TOPIC_ARN": outputs["alerts_topic_arn"],
        "INBOX_QUEUE_URL": lab.inbox_url,
        "DLQ_URL": outputs["dead_letter_queue_url"],
        "EVENT_RULE_NAME": outputs["event_rule_name"],
        "RESPONDER_ROLE_ARN": outputs["responder_role_arn"],
        "ACCOUNT_ID": lab.account,
        "GATEWAY_CONTROL_URL": lab.gateway.control.url,
        # Whatever else is set in the shell must not get in between.
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
    }


def write(lab: Lab, path: Path) -> None:
    """Write it at once (a reader never sees half of it), readable by its owner only."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables(lab).items()]
    lines.append("unset AWS_SESSION_TOKEN AWS_PROFILE")
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".new")
    unfinished.touch(mode=0o600)
    unfinished.write_text("\n".join(lines) + "\n")
    os.replace(unfinished, path)

"""The file that a client sources to attack the lab."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from .session import Lab

# Settings of a shell that would lead a client elsewhere.
_IN_THE_WAY = (
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_ENDPOINT_URL_CLOUDTRAIL",
    "AWS_ENDPOINT_URL_IAM",
    "AWS_ENDPOINT_URL_LAMBDA",
    "AWS_ENDPOINT_URL_SNS",
    "AWS_ENDPOINT_URL_SQS",
    "AWS_ENDPOINT_URL_STS",
)


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
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": os.environ["NO_PROXY"],
        "no_proxy": os.environ["no_proxy"],
    }


def isolate() -> None:
    """Keep this process and its children from the user's AWS settings and proxies."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    direct = [os.environ.get("no_proxy", ""), os.environ.get("NO_PROXY", ""), "127.0.0.1"]
    # Both spellings: Python reads the lower-case one first, others know only one.
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = ",".join(dict.fromkeys(filter(None, direct)))


def write(lab: Lab, path: Path) -> None:
    """Write it at once (a reader never sees half of it), readable by its owner only."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables(lab).items()]
    lines.append(f"unset {' '.join(_IN_THE_WAY)}")
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".new")
    unfinished.touch(mode=0o600)
    unfinished.write_text("\n".join(lines) + "\n")
    os.replace(unfinished, path)

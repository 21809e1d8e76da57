"""`make lab`: a guarded account that stays up until it is interrupted."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from . import environment
from .paths import REPOSITORY, env_file
from .progress import LabError, Progress, colour
from .session import Lab


def _instructions(path: Path) -> str:
    shown = os.path.relpath(path, Path.cwd()) if path.is_relative_to(REPOSITORY) else str(path)
    attacks = [
        "aws cloudtrail stop-logging --name $TRAIL_NAME",
        "aws cloudtrail delete-trail --name $TRAIL_NAME",
        "aws cloudtrail update-trail --name $TRAIL_NAME --no-enable-log-file-validation",
        "aws cloudtrail put-event-selectors --trail-name $TRAIL_NAME --event-selectors ReadWriteType=ReadOnly",
    ]
    shown_attacks = "\n  ".join(colour(attack, "bold") for attack in attacks)
    return f"""
The lab is up. In another terminal, with any AWS client:

  source {shown}
  {shown_attacks}
  aws cloudtrail get-trail-status --name $TRAIL_NAME --query IsLogging
  aws cloudtrail describe-trails
  aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=StopLogging

You are the attacker there, who may do everything in CloudTrail and nothing else. As the administrator:

  export AWS_ACCESS_KEY_ID=$ADMIN_AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY=$ADMIN_AWS_SECRET_ACCESS_KEY
  aws sqs receive-message --endpoint-url $AWS_ENDPOINT_URL --queue-url $INBOX_QUEUE_URL   # the notices
  aws lambda invoke --function-name $FUNCTION_NAME --cli-binary-format raw-in-base64-out \\
    --payload '{{"trailkeeper":"sweep"}}' /dev/stdout                    # a sweep, as the schedule makes one
  curl -s $GATEWAY_CONTROL_URL/records                                 # every CloudTrail record

(Version 1 of the AWS CLI needs --endpoint-url for SQS; it overrides AWS_ENDPOINT_URL there.)

Ctrl-C ends the lab and removes it.
"""


def up(name: str, package: Path) -> None:
    """Run until SIGINT or SIGTERM."""
    progress = Progress()
    path = env_file(name)
    with Lab(name, package, progress) as lab:
        lab.on_exit(lambda: path.unlink(missing_ok=True))
        environment.write(lab, path)
        progress.say(f"ready: {path.relative_to(REPOSITORY)}")
        print(_instructions(path), flush=True)
        forever = threading.Event()
        try:
            while not forever.wait(1.0):
                for what, process in (("emulator", lab.emulator.process), ("gateway", lab.gateway.process)):
                    if process.poll() is not None:
                        raise LabError(f"the {what} died; read the logs in {lab.directory}")
        except KeyboardInterrupt:
            progress.say("interrupted: removing the lab")
    progress.say("the lab is gone")

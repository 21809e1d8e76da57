"""Runs Terraform against the emulated AWS, with a root configuration of the lab's own."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .aws import Aws
from .paths import PROVIDER_CACHE
from .progress import LabError, Progress
from .provider import cli_configuration, find_mirror

OLDEST = (1, 11)
# The provider waits a lot and computes little.
_PARALLELISM = "40"
_PROVIDER_BLOCK = """\
terraform {{
  required_providers {{
    aws = {{
      source = "hashicorp/aws"
    }}
  }}
}}

# The endpoint and the credentials come from the environment.
provider "aws" {{
  region                      = "{region}"
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
}}
"""


def find_terraform() -> str:
    """The path of a recent enough Terraform."""
    wanted = ".".join(map(str, OLDEST))
    path = shutil.which("terraform")
    if not path:
        raise LabError(
            f"Terraform is missing. Install Terraform {wanted} or newer, so that `terraform version` works, "
            "and run this again: https://developer.hashicorp.com/terraform/install"
        )
    answer = subprocess.run([path, "version", "-json"], capture_output=True, text=True, check=False)
    try:
        version = json.loads(answer.stdout)["terraform_version"]
    except (ValueError, KeyError) as error:
        raise LabError(f"{path} does not tell its version: {answer.stderr.strip()}") from error
    numbers = tuple(int(n) for n in re.findall(r"\d+", version)[:2])
    if numbers < OLDEST:
        raise LabError(f"Terraform {version} at {path} is too old. Install Terraform {wanted} or newer.")
    return path


@dataclass
class Plan:
    """What a plan would change: resource address -> actions."""

    changes: dict[str, list[str]]


class Terraform:
    """One root configuration in one directory."""

    def __init__(self, directory: Path, aws: Aws, progress: Progress, log: Path, quiet: bool = False) -> None:
        self._quiet = quiet
        self.directory = directory
        self.variables: dict[str, Any] = {}
        self.aws = aws
        self._progress = progress
        self._log = log
        self._binary = find_terraform()
        self._config = directory / "terraform.rc"

    def write(self, module: Path, variables: dict[str, Any]) -> None:
        """Call a module with these variables; its outputs become one output."""
        self.directory.mkdir(parents=True, exist_ok=True)
        source = os.path.relpath(module, self.directory)
        arguments = {
            "module": {"trailkeeper": {"source": source, **variables}},
            "output": {"outputs": {"value": "${module.trailkeeper}", "sensitive": False}},
        }
        (self.directory / "provider.tf").write_text(_PROVIDER_BLOCK.format(region=self.aws.region))
        (self.directory / "main.tf.json").write_text(json.dumps(arguments, indent=2) + "\n")

    def declared_variables(self) -> set[str]:
        """The names of a configuration's variables."""
        texts = (path.read_text() for path in self.directory.glob("*.tf"))
        return {name for text in texts for name in re.findall(r'^variable "([^"]+)"', text, re.MULTILINE)}

    def set_variables(self, values: dict[str, Any]) -> None:
        """Give a configuration's variables their values."""
        self.variables = values
        (self.directory / "lab.auto.tfvars.json").write_text(json.dumps(values))

    def init(self, *arguments: str) -> None:
        """Get the provider: from the registry, or else from a mirror."""
        self._config.write_text(cli_configuration(None))
        PROVIDER_CACHE.mkdir(parents=True, exist_ok=True)
        self._say("terraform init (provider hashicorp/aws)")
        first = self._run("init", "-input=false", *arguments)
        if first.returncode == 0:
            return
        mirror = find_mirror()
        if mirror is None:
            raise LabError(
                "Terraform cannot get the provider hashicorp/aws: the registry does not answer, and no mirror was "
                "found. Connect to the network, or put one below ~/.terraform.d/plugins with "
                f"`terraform providers mirror`.\n{first.stderr.strip()[-800:]}"
            )
        self._say(f"the registry does not answer; provider from the mirror {mirror}")
        self._config.write_text(cli_configuration(mirror))
        second = self._run("init", "-input=false", *arguments)
        if second.returncode != 0:
            raise LabError(f"terraform init failed with the mirror {mirror}:\n{second.stderr.strip()[-2000:]}")

    def _say(self, text: str) -> None:
        if not self._quiet:
            self._progress.say(text)

    def validate(self) -> None:
        """terraform validate; a warning counts as a failure too."""
        answer = self._run("validate", "-json")
        found = json.loads(answer.stdout or "{}")
        if not found.get("valid") or found.get("diagnostics"):
            texts = [f"{d['summary']}: {d.get('detail', '')}" for d in found.get("diagnostics", [])]
            raise LabError("terraform validate:\n" + ("\n".join(texts) or answer.stderr))

    def test(self) -> str:
        """terraform test; its closing line."""
        answer = self._run("test")
        if answer.returncode != 0:
            raise LabError(f"terraform test:\n{answer.stdout[-6000:]}{answer.stderr[-6000:]}")
        closing = answer.stdout.strip().splitlines()[-1]
        if not re.search(r"[1-9]\d* passed, 0 failed", closing):
            raise LabError(f"terraform test ran nothing: {closing}")
        return closing

    def apply(self, *arguments: str) -> dict[str, Any]:
        """Apply and return the outputs."""
        self._stream("apply", "-auto-approve", *arguments)
        answer = self._run("output", "-json")
        if answer.returncode != 0:
            raise LabError(f"terraform output failed: {answer.stderr.strip()}")
        return {name: output["value"] for name, output in json.loads(answer.stdout).items()}

    def destroy(self) -> None:
        """Destroy; raises LabError if something is left."""
        self._stream("destroy", "-auto-approve")

    def plan(self) -> Plan:
        """Plan, as a person would do after an apply."""
        answer = self._run("plan", "-input=false", "-json", "-lock=false", f"-parallelism={_PARALLELISM}")
        if answer.returncode != 0:
            raise LabError(f"terraform plan failed:\n{answer.stdout[-2000:]}")
        changes = {}
        for line in _json_lines(answer.stdout.splitlines()):
            if line.get("type") == "planned_change":
                change = line["change"]
                changes[change["resource"]["addr"]] = [change["action"]]
        return Plan(changes)

    def differs(self, *arguments: str) -> bool:
        """Whether `terraform plan -detailed-exitcode` finds something to do; arguments such as -target narrow it."""
        answer = self._run("plan", "-input=false", "-lock=false", "-detailed-exitcode", *arguments)
        if answer.returncode not in (0, 2):
            raise LabError(f"terraform plan failed:\n{answer.stderr[-2000:]}")
        return answer.returncode == 2

    def planned_json(self) -> dict[str, Any]:
        """The full plan as JSON, with the values before and after."""
        self._run("plan", "-input=false", "-out=plan", "-lock=false", f"-parallelism={_PARALLELISM}")
        answer = self._run("show", "-json", "plan")
        if answer.returncode != 0:
            raise LabError(f"terraform show failed: {answer.stderr.strip()}")
        return json.loads(answer.stdout)

    def state(self) -> list[str]:
        """Addresses of all that is managed now."""
        return self._run("state", "list").stdout.split()

    def _environment(self) -> dict[str, str]:
        """Ours without anything AWS or Terraform would take a setting from."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_"))}
        credentials = self.aws.credentials
        return kept | {
            "TF_CLI_CONFIG_FILE": str(self._config),
            # A provider that came from the registry is kept for the next lab.
            "TF_PLUGIN_CACHE_DIR": str(PROVIDER_CACHE),
            "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE": "1",
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
            "AWS_ENDPOINT_URL": self.aws.endpoint_url,
            "AWS_REGION": self.aws.region,
            "AWS_ACCESS_KEY_ID": credentials.access_key_id,
            "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
            **({"AWS_SESSION_TOKEN": credentials.session_token} if credentials.session_token else {}),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        answer = subprocess.run(
            [self._binary, f"-chdir={self.directory}", *arguments, "-no-color"]
            if arguments[0] not in ("state", "show")
            else [self._binary, f"-chdir={self.directory}", *arguments],
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        with self._log.open("a") as log:
            log.write(f"$ terraform {' '.join(arguments)}\n{answer.stdout}{answer.stderr}\n")
        return answer

    def _stream(self, action: str, *arguments: str) -> None:
        """Run apply or destroy and show how far it is."""
        command = [
            self._binary,
            f"-chdir={self.directory}",
            action,
            *arguments,
            "-input=false",
            "-json",
            f"-parallelism={_PARALLELISM}",
        ]
        process = subprocess.Popen(
            command,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert process.stdout is not None
        errors: list[str] = []
        watch = _Watch(action, self._progress)
        try:
            with self._log.open("a") as log:
                for text in process.stdout:
                    log.write(text)
                    for line in _json_lines([text]):
                        watch.see(line)
                        if line.get("@level") == "error":
                            errors.append(_error_text(line))
            code = process.wait()
        except BaseException:
            _interrupt(process)
            raise
        finally:
            process.stdout.close()
        if code != 0:
            raise LabError(f"terraform {action} failed (log: {self._log}):\n" + "\n".join(errors))


class _Watch:
    """Turns Terraform's JSON lines into a few lines of progress."""

    _QUIET_SECONDS = 4.0

    def __init__(self, action: str, progress: Progress) -> None:
        self._action = action
        self._progress = progress
        self._total = 0
        self._done = 0
        self._open: dict[str, None] = {}
        self._said_at = time.monotonic()

    def see(self, line: dict[str, Any]) -> None:
        """Follow one line; say something every few resources, or after some seconds of silence."""
        kind, hook = line.get("type"), line.get("hook") or {}
        address = (hook.get("resource") or {}).get("addr", "").removeprefix("module.trailkeeper.")
        if kind == "planned_change":
            self._total += 1
        if ".data." in f".{address}":
            return
        if kind == "apply_start":
            self._open[address] = None
        elif kind in ("apply_complete", "apply_errored"):
            self._open.pop(address, None)
            self._done += kind == "apply_complete"
            if self._done % 8 == 0 or self._done == self._total:
                self._say(address)
        elif kind == "apply_progress" and time.monotonic() - self._said_at > self._QUIET_SECONDS:
            some = ", ".join(list(self._open)[:2])
            more = f" and {len(self._open) - 2} more" if len(self._open) > 2 else ""
            self._say(f"waiting for {some}{more}")

    def _say(self, text: str) -> None:
        self._said_at = time.monotonic()
        self._progress.say(f"terraform {self._action}: {self._done:>2} of {self._total}  {text}")


def _interrupt(process: subprocess.Popen[str]) -> None:
    """Terraform finishes what is under way after one interrupt; the emulator is thrown away anyhow."""
    for number in (signal.SIGINT, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(5)
            return
        except subprocess.TimeoutExpired:
            continue
        except ProcessLookupError:
            return


def _error_text(line: dict[str, Any]) -> str:
    diagnostic = line.get("diagnostic") or {}
    return "\n".join(filter(None, [line.get("@message"), diagnostic.get("detail"), diagnostic.get("address")]))


def _json_lines(lines: list[str]) -> Iterator[dict[str, Any]]:
    for text in lines:
        try:
            yield json.loads(text)
        except ValueError:
            continue

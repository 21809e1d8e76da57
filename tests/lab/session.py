"""One lab: emulator, gateway, users, the applied infrastructure, an inbox. And its end."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .actors import CLOUDTRAIL_ONLY, EVERYTHING, create_user
from .aws import Aws, Credentials
from .emulator import Emulator, start_emulator
from .gateway_process import Gateway, start_gateway
from .inbox import create_inbox
from .paths import INFRA, host_architecture, work_directory
from .processes import free_port
from .progress import LabError, Progress
from .terraform import Terraform, find_terraform

# An account id and a region as AWS's documentation uses them.
ACCOUNT = "111122223333"
REGION = "eu-west-1"


class Lab:
    """A running lab. Use it in a `with` block: whatever happens, everything is cleaned up."""

    emulator: Emulator
    gateway: Gateway
    root: Aws
    admin: Aws
    attacker: Aws
    terraform: Terraform
    outputs: dict[str, Any]
    inbox_url: str

    def __init__(
        self,
        name: str,
        package: Path,
        progress: Progress,
        *,
        variables: dict[str, Any] | None = None,
        beside: Callable[[Lab], object] | None = None,
        keeps_state: bool = False,
    ) -> None:
        """`variables` go to the root module. `beside` is called before the apply, to start something beside it.

        With `keeps_state` the emulator can be halted and resumed.
        """
        self.name = name
        self.variables = variables or {}
        self._beside = beside
        self._keeps_state = keeps_state
        self.keep_logs = False
        self.directory = work_directory(name)
        self.package = package
        self._progress = progress
        self._cleanup = contextlib.ExitStack()
        self.account, self.region = ACCOUNT, REGION

    def __enter__(self) -> Lab:
        try:
            self._start()
        except BaseException:
            self._cleanup.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, *error: Any) -> None:
        self._cleanup.__exit__(*error)

    def on_exit(self, callback: Callable[[], object]) -> None:
        """Run this when the lab ends, before the lab's own parts go."""
        self._cleanup.callback(callback)

    def as_account(self, account: str) -> Aws:
        """The root user of another account of the same emulator."""
        return Aws(self.gateway.url, self.region, Credentials(account, account, self.emulator.root_secret))

    def terraform_in(self, name: str, aws: Aws) -> Terraform:
        """Another Terraform configuration in this lab."""
        return Terraform(self.directory / name, aws, self._progress, self.directory / "terraform.log")

    def _start(self) -> None:
        find_terraform()
        if not self.package.is_file():
            raise LabError(f"there is no package {self.package}; build it with `make package`, or give --package")
        self._lock()
        self._start_aws()
        self.admin, self.attacker = self.create_users(self.root)
        if self._beside:
            self._beside(self)
        self._apply()
        self.inbox_url = create_inbox(self.admin, self.outputs["alerts_topic_arn"])

    def _lock(self) -> None:
        """One lab per name. The lock goes with this process, however it ends."""
        self.directory.mkdir(parents=True, exist_ok=True)
        lock = self._cleanup.enter_context((self.directory / "lock").open("w"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LabError(
                f"a lab named {self.name!r} is running already; stop it with Ctrl-C, "
                "or start this one beside it: make lab NAME=another"
            ) from None
        self._cleanup.push(self._remove_files)
        for entry in self.directory.iterdir():  # left over from a lab that was killed
            if entry.name != "lock":
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

    def _remove_files(self, kind: type[BaseException] | None, *_: object) -> None:
        """All files go; after a failure the logs stay, for they say what went wrong."""
        failed = self.keep_logs or (kind is not None and issubclass(kind, Exception))
        for entry in self.directory.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            elif not (failed and entry.suffix == ".log"):
                entry.unlink()
        if any(self.directory.iterdir()):
            self._progress.say(f"the logs are kept in {self.directory}")
        else:
            self.directory.rmdir()

    def _start_aws(self) -> None:
        self._progress.say("starting the emulated AWS and the gateway")
        gateway_port, emulator_port = free_port(), free_port()
        self.emulator = start_emulator(
            port=emulator_port,
            gateway_url=f"http://127.0.0.1:{gateway_port}",
            account=self.account,
            region=self.region,
            directory=self.directory,
            keeps_state=self._keeps_state,
        )
        self._cleanup.callback(self.emulator.stop)
        self.gateway = start_gateway(
            upstream=self.emulator.url,
            root_secret=self.emulator.root_secret,
            port=gateway_port,
            directory=self.directory,
        )
        self._cleanup.callback(self.gateway.stop)
        self.root = self.as_account(self.account)

    def create_users(self, root: Aws) -> tuple[Aws, Aws]:
        """An administrator, and an attacker who may do everything in CloudTrail and nothing else."""
        return (
            root.as_(create_user(root, "administrator", EVERYTHING)),
            root.as_(create_user(root, "mallory", CLOUDTRAIL_ONLY)),
        )

    def _apply(self) -> None:
        started = time.monotonic()
        self.terraform = self.terraform_in("terraform", self.admin)
        self.write_terraform()
        self.terraform.init()
        self._progress.say("terraform apply (the provider's own waits take most of a minute)")
        self.outputs = self.terraform.apply()["outputs"]
        self._progress.say(f"applied in {time.monotonic() - started:.0f} s")

    def write_terraform(self, **variables: Any) -> None:
        """Write the root configuration, with other values for some variables."""
        self.terraform.write(INFRA, self.root_variables(**self.variables, **variables))

    def root_variables(self, **variables: Any) -> dict[str, Any]:
        """What the root module needs here, and more."""
        return {
            "package": str(self.package.resolve()),
            "architecture": host_architecture(),
            "force_destroy_logs": True,
            **variables,
        }

"""Follows one call after its answer: the record, who logs, which rules changed, the delivery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .decoding import Answer
from .delivery import Delivery
from .encrypted_topics import EncryptedTopics
from .history import History
from .identities import Identities, Principal
from .naming import UNAUTHENTICATED, is_management_event, is_read_only
from .operations import Call
from .records import in_both_accounts, make_record
from .rules import Rules
from .shapes import holds_secrets
from .trails import Trails

_KEPT_BODY_BYTES = 256 * 1024


@dataclass
class Exchange:
    """A request and its answer, with the times between which the emulator held it."""

    call: Call
    principal: Principal | None
    given: Any
    answer: Answer
    received_at: float
    answered_at: float
    source_ip: str
    user_agent: str
    request_body: bytes
    answer_body: bytes


class Recorder:
    """Turns exchanges into history and events."""

    def __init__(
        self,
        identities: Identities,
        trails: Trails,
        rules: Rules,
        delivery: Delivery,
        history: History,
        encrypted_topics: EncryptedTopics,
    ) -> None:
        self._encrypted_topics = encrypted_topics
        self._identities = identities
        self._trails = trails
        self._rules = rules
        self._delivery = delivery
        self._history = history

    async def follow(self, exchange: Exchange) -> None:
        """Record an exchange. Unauthenticated callers leave no record, as with AWS."""
        call, answer, principal = exchange.call, exchange.answer, exchange.principal
        self._keep_request(exchange)
        if principal is None or answer.error_code in UNAUTHENTICATED:
            if answer.ok:
                self._history.add_failure(f"{call.operation} was accepted from a key that nobody knows: not recorded")
            return
        await self._identities.learn(call, answer, principal, exchange.answered_at)
        self._rules.observe(call)
        self._encrypted_topics.observe(call)
        where = (principal.account, call.region)
        read_only = is_read_only(call)
        logged_before = self._trails.logs(*where, read_only=read_only)
        self._trails.observe(call, exchange.given, answer, principal.account)
        if not is_management_event(call):
            return
        record = make_record(
            call,
            principal,
            exchange.given,
            answer,
            epoch=exchange.answered_at,
            source_ip=exchange.source_ip,
            user_agent=exchange.user_agent,
        )
        for written in in_both_accounts(record):
            self._history.add_record(exchange.answered_at, written)
            logged = self._trails.logs(written["recipientAccountId"], call.region, read_only=read_only)
            self._delivery.offer(written, logged or (logged_before and written is record))

    def _keep_request(self, exchange: Exchange) -> None:
        """For the control API; a body that can carry a secret is not kept."""
        call, model = exchange.call, exchange.call.model
        bodies: dict[str, str | None] = {"request_body": None, "answer_body": None}
        for name, shape, body in (
            ("request_body", model.input_shape if model else None, exchange.request_body),
            ("answer_body", model.output_shape if model else None, exchange.answer_body),
        ):
            # Message bodies are marked sensitive in the models of SNS and SQS; they are what tests read.
            readable = call.event_source in ("sns.amazonaws.com", "sqs.amazonaws.com")
            if model and len(body) <= _KEPT_BODY_BYTES and (readable or not holds_secrets(shape)):
                bodies[name] = body.decode("utf-8", "replace")
        self._history.add_request(
            received_at=exchange.received_at,
            answered_at=exchange.answered_at,
            event_source=call.event_source,
            operation=call.operation,
            region=call.scope.region,
            status=exchange.answer.status,
            error_code=exchange.answer.error_code,
            request_id=exchange.answer.request_id,
            access_key_id=call.scope.access_key_id,
            user_agent=exchange.user_agent,
            caller=exchange.principal.arn if exchange.principal else None,
            account=exchange.principal.account if exchange.principal else None,
            **bodies,
        )

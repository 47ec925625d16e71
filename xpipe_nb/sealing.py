"""What leaves: payloads as whole messages, signed where the organism has an identity."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from lxml import etree

from xpipe_nb.errors import XPipeError
from xpipe_nb.identity import seal_message
from xpipe_nb.thread_ids import is_thread_id
from xpipe_nb.xml import build_envelope, canonical

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xpipe_nb.composing import Composer
    from xpipe_nb.conversation import Conversation
    from xpipe_nb.identity import Identity

__all__ = ["Sealer"]


class Sealer:
    """Writes the messages that leave one organism.

    Args:
        name: The organism's.
        composer: Writes payload objects.
        identity: Who signs; `None` leaves messages unsigned. With one, nothing leaves unsigned: what cannot be signed
            is an error.
    """

    def __init__(self, name: str, composer: Composer, identity: Identity | None) -> None:
        self._name, self._composer, self._identity = name, composer, identity

    def seal(self, payload: Any, *, to: str | None, from_id: str, thread: str | None, organism: str | None) -> bytes:
        """Do what `Organism.seal` says."""
        if self._identity is None:
            hint = f"Organism({self._name!r}, …, identity=Identity.load(path))"
            raise XPipeError(f"{self._name} has no identity to seal with; give it one: {hint}")
        return self._written(payload, to, from_id, thread or str(uuid.uuid4()), organism)

    def replies(self, conversation: Conversation, mail: Iterable[tuple[Any, str]]) -> list[bytes]:
        """Write what reached the mailbox of a conversation, for its injector.

        Args:
            conversation: The conversation.
            mail: Payloads, each with the name of its sender.
        """
        thread = conversation.reference
        if thread is None or not is_thread_id(thread):  # the pump's own `inject` takes any text for a reference
            thread = conversation.id
        return [self._written(payload, conversation.port, sender, thread) for payload, sender in mail]

    def _written(self, payload: Any, to: str | None, from_id: str, thread: str, organism: str | None = None) -> bytes:
        element = payload if etree.iselement(payload) else self._composer.encode(payload)[0]
        envelope = build_envelope(element, from_id=from_id, to_id=to, thread=thread)
        return canonical(envelope) if self._identity is None else seal_message(envelope, self._identity, organism)

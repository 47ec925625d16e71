"""What observers may see of a running organism, in the order in which it happens."""

from __future__ import annotations

from xpipe_nb.events.base import PumpEvent
from xpipe_nb.events.conversations import BudgetEvent, FrameClosedEvent, HistoryCutEvent, QuestionEvent, ThreadEvent
from xpipe_nb.events.handlers import AgentStateEvent, LogEvent, ProgressEvent, RetryEvent, ThoughtEvent
from xpipe_nb.events.messages import (
    DeadLetterEvent,
    MessageDroppedEvent,
    MessageEvent,
    MessageHeldEvent,
    MessageQueuedEvent,
    MessageReceivedEvent,
    MessageReleasedEvent,
    MessageSentEvent,
    SendRefusedEvent,
)
from xpipe_nb.events.organisms import (
    ORGANISM,
    BackendEvent,
    BreakpointsEvent,
    OrganismStateEvent,
    PipelineFailed,
    ReloadEvent,
)
from xpipe_nb.events.workers import WorkersEvent, WorkersStartedEvent, WorkerState

__all__ = [
    "ORGANISM",
    "AgentStateEvent",
    "BackendEvent",
    "BreakpointsEvent",
    "BudgetEvent",
    "DeadLetterEvent",
    "FrameClosedEvent",
    "HistoryCutEvent",
    "LogEvent",
    "MessageDroppedEvent",
    "MessageEvent",
    "MessageHeldEvent",
    "MessageQueuedEvent",
    "MessageReceivedEvent",
    "MessageReleasedEvent",
    "MessageSentEvent",
    "OrganismStateEvent",
    "PipelineFailed",
    "ProgressEvent",
    "PumpEvent",
    "QuestionEvent",
    "ReloadEvent",
    "RetryEvent",
    "SendRefusedEvent",
    "ThoughtEvent",
    "ThreadEvent",
    "WorkerState",
    "WorkersEvent",
    "WorkersStartedEvent",
]

"""Organisms of listeners that talk in checked XML messages, in a notebook or without one.

The floors; a module imports only from its own floor or lower:

    roof  __init__  __main__        public names, found when first asked for; the door to IPython
     5    notebook/                 magics, cells, displays: the only place that knows IPython
     4    cli                       the same organism from a command line
     3    organism  controls  looks  pump  parts  bootstrap  known  primitives/
                                    the running machine, put together
     2    stages  stage_list  own_stages  settlements  doors  operators  pipeline  sources  inbox  crew
          reception  exchange  services  composing  sealing  letters  conversation(s)  calls  metadata
          questions  accounts  spending  reloading  resending  stores/  dispatch/  workers/
                                    how work flows: asyncio and aiostream
     2    views/                    a side tower: listeners and events to pictures, nothing of the machine
     1    payloads/  xml/  identity/  listeners/  config/  settings  check  changes  directory  env_file  frames
          message_log  routing  replies  failures  scheduling  depth_first  todos  budgets  prompts  state_address
                                    the rules: synchronous, tried without a loop
     0    errors  names  messages  events  limits  history  thread_ids
                                    the words

Where to start reading: `stages.py` (the pipeline), `pump.py` (how it runs), `exchange.py` (what becomes of a
message), `frame_rules.py` (the rules of conversations).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from xpipe_nb._version import __version__

if TYPE_CHECKING:  # `as` makes the names public for type checkers
    from IPython.core.interactiveshell import InteractiveShell

    from xpipe_nb.bootstrap import bootstrap as bootstrap
    from xpipe_nb.bootstrap import get_stream_pump as get_stream_pump
    from xpipe_nb.bootstrap import reset_stream_pump as reset_stream_pump
    from xpipe_nb.bootstrap import set_stream_pump as set_stream_pump
    from xpipe_nb.breakpoints import Breakpoint as Breakpoint
    from xpipe_nb.budgets import Usage as Usage
    from xpipe_nb.config import ConfigLoader as ConfigLoader
    from xpipe_nb.config import ConfigWarning as ConfigWarning
    from xpipe_nb.config import OrganismConfig as OrganismConfig
    from xpipe_nb.conversation import Conversation as Conversation
    from xpipe_nb.dispatch.hooks import DispatchHook as DispatchHook
    from xpipe_nb.errors import BudgetExhausted as BudgetExhausted
    from xpipe_nb.errors import CallFailed as CallFailed
    from xpipe_nb.errors import CannotTravel as CannotTravel
    from xpipe_nb.errors import ConfigError as ConfigError
    from xpipe_nb.errors import ConversationFailed as ConversationFailed
    from xpipe_nb.errors import ConversationWaits as ConversationWaits
    from xpipe_nb.errors import CorruptEntry as CorruptEntry
    from xpipe_nb.errors import DefinitionError as DefinitionError
    from xpipe_nb.errors import Fault as Fault
    from xpipe_nb.errors import PayloadError as PayloadError
    from xpipe_nb.errors import Rejected as Rejected
    from xpipe_nb.errors import StoreAway as StoreAway
    from xpipe_nb.errors import StoreError as StoreError
    from xpipe_nb.errors import StoreRefused as StoreRefused
    from xpipe_nb.errors import WorkerDied as WorkerDied
    from xpipe_nb.errors import XPipeError as XPipeError
    from xpipe_nb.events import AgentStateEvent as AgentStateEvent
    from xpipe_nb.events import BackendEvent as BackendEvent
    from xpipe_nb.events import BreakpointsEvent as BreakpointsEvent
    from xpipe_nb.events import BudgetEvent as BudgetEvent
    from xpipe_nb.events import DeadLetterEvent as DeadLetterEvent
    from xpipe_nb.events import HistoryCutEvent as HistoryCutEvent
    from xpipe_nb.events import LogEvent as LogEvent
    from xpipe_nb.events import MessageDroppedEvent as MessageDroppedEvent
    from xpipe_nb.events import MessageHeldEvent as MessageHeldEvent
    from xpipe_nb.events import MessageReceivedEvent as MessageReceivedEvent
    from xpipe_nb.events import MessageReleasedEvent as MessageReleasedEvent
    from xpipe_nb.events import MessageSentEvent as MessageSentEvent
    from xpipe_nb.events import PipelineFailed as PipelineFailed
    from xpipe_nb.events import ProgressEvent as ProgressEvent
    from xpipe_nb.events import PumpEvent as PumpEvent
    from xpipe_nb.events import QuestionEvent as QuestionEvent
    from xpipe_nb.events import ReloadEvent as ReloadEvent
    from xpipe_nb.events import RetryEvent as RetryEvent
    from xpipe_nb.events import SendRefusedEvent as SendRefusedEvent
    from xpipe_nb.events import ThoughtEvent as ThoughtEvent
    from xpipe_nb.events import ThreadEvent as ThreadEvent
    from xpipe_nb.events import WorkersEvent as WorkersEvent
    from xpipe_nb.events import WorkersStartedEvent as WorkersStartedEvent
    from xpipe_nb.events import WorkerState as WorkerState
    from xpipe_nb.history import Slot as Slot
    from xpipe_nb.identity import Identity as Identity
    from xpipe_nb.known import organisms as organisms
    from xpipe_nb.limits import Limits as Limits
    from xpipe_nb.listeners import Listener as Listener
    from xpipe_nb.listeners import ListenerConfig as ListenerConfig
    from xpipe_nb.listeners import listener as listener
    from xpipe_nb.message_log import LoggedMessage as LoggedMessage
    from xpipe_nb.message_log import MessageLog as MessageLog
    from xpipe_nb.messages import DeadLetter as DeadLetter
    from xpipe_nb.messages import Delivery as Delivery
    from xpipe_nb.messages import Document as Document
    from xpipe_nb.messages import Envelope as Envelope
    from xpipe_nb.messages import HandlerResponse as HandlerResponse
    from xpipe_nb.messages import Raw as Raw
    from xpipe_nb.messages import Send as Send
    from xpipe_nb.messages import Verified as Verified
    from xpipe_nb.messages import send as send
    from xpipe_nb.metadata import HandlerMetadata as HandlerMetadata
    from xpipe_nb.metadata import slot_to_handler_metadata as slot_to_handler_metadata
    from xpipe_nb.organism import Organism as Organism
    from xpipe_nb.organism import SettleReport as SettleReport
    from xpipe_nb.payloads import AnyPayload as AnyPayload
    from xpipe_nb.payloads import DeliveryError as DeliveryError
    from xpipe_nb.payloads import Pattern as Pattern
    from xpipe_nb.payloads import SystemError as SystemError  # noqa: A004 - its name on the wire
    from xpipe_nb.payloads import payload as payload
    from xpipe_nb.payloads import xmlify as xmlify
    from xpipe_nb.pump import StreamPump as StreamPump
    from xpipe_nb.state_address import StateAddress as StateAddress
    from xpipe_nb.stores.records import ConversationRecord as ConversationRecord
    from xpipe_nb.stores.records import SlotRecord as SlotRecord
    from xpipe_nb.stores.records import ThreadRecord as ThreadRecord
    from xpipe_nb.stores.shared import SharedBudget as SharedBudget
    from xpipe_nb.stores.shared import SharedState as SharedState
    from xpipe_nb.workers.mapping import map as map  # noqa: A004 - what it is, over many processes
    from xpipe_nb.workers.watching import WorkerList as WorkerList
    from xpipe_nb.xml import GateLimits as GateLimits

_HOMES = {
    "budgets": ("Usage",),
    "bootstrap": ("bootstrap", "get_stream_pump", "reset_stream_pump", "set_stream_pump"),
    "breakpoints": ("Breakpoint",),
    "config": ("ConfigLoader", "ConfigWarning", "OrganismConfig"),
    "conversation": ("Conversation",),
    "dispatch.hooks": ("DispatchHook",),
    "errors": (
        "BudgetExhausted", "CallFailed", "CannotTravel", "ConfigError", "ConversationFailed", "ConversationWaits", "CorruptEntry",
        "DefinitionError", "Fault", "PayloadError", "Rejected", "StoreAway", "StoreError", "StoreRefused", "WorkerDied", "XPipeError",
    ),
    "events": (
        "AgentStateEvent", "BackendEvent", "BreakpointsEvent", "BudgetEvent", "DeadLetterEvent", "HistoryCutEvent", "LogEvent",
        "MessageDroppedEvent", "MessageHeldEvent", "MessageReceivedEvent", "MessageReleasedEvent", "MessageSentEvent",
        "PipelineFailed", "ProgressEvent", "PumpEvent", "QuestionEvent", "ReloadEvent", "RetryEvent", "SendRefusedEvent",
        "ThoughtEvent", "ThreadEvent", "WorkersEvent", "WorkersStartedEvent", "WorkerState",
    ),
    "history": ("Slot",),
    "identity": ("Identity",),
    "known": ("organisms",),
    "limits": ("Limits",),
    "listeners": ("Listener", "ListenerConfig", "listener"),
    "message_log": ("LoggedMessage", "MessageLog"),
    "messages": (
        "DeadLetter", "Delivery", "Document", "Envelope", "HandlerResponse", "Raw", "Send", "Verified", "send",
    ),
    "metadata": ("HandlerMetadata", "slot_to_handler_metadata"),
    "organism": ("Organism", "SettleReport"),
    "payloads": ("AnyPayload", "DeliveryError", "Pattern", "SystemError", "payload", "xmlify"),
    "pump": ("StreamPump",),
    "state_address": ("StateAddress",),
    "stores.records": ("ConversationRecord", "SlotRecord", "ThreadRecord"),
    "stores.shared": ("SharedBudget", "SharedState"),
    "workers.mapping": ("map",),
    "workers.watching": ("WorkerList",),
    "xml": ("GateLimits",),
}  # fmt: skip

_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = ["__version__", *_HOME_OF]  # noqa: PLE0604 - all strings


def __getattr__(name: str) -> Any:
    """Find a public name in its module when it is first asked for, so that `import xpipe_nb` costs little."""
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'xpipe_nb' has no attribute {name!r}")
    value = getattr(import_module(f"xpipe_nb.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


def load_ipython_extension(ipython: InteractiveShell) -> None:
    """Register the magics; this is what `%load_ext xpipe_nb` calls."""
    from xpipe_nb.notebook.extension import load

    load(ipython)


def unload_ipython_extension(ipython: InteractiveShell) -> None:
    """Take everything back that loading brought; `%unload_ext xpipe_nb` calls it."""
    from xpipe_nb.notebook.extension import unload

    unload(ipython)

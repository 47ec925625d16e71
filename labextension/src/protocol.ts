/** What the kernel sends: the types of a snapshot, and for each a guard. The twin of xpipe_nb/views. */

import {
  each,
  has,
  isFlag,
  isMark,
  isMoment,
  isNumber,
  isObject,
  isPath,
  isSpan,
  isText,
  listOf,
  maybe,
  type Moment,
  once,
  recordOf,
  type Shape
} from './guards';
import { type Budgets, isBudgets, isQuestions, type Questions } from './people';
import { isWorkers, type Workers } from './processes';

export type { Moment } from './guards';
export type { AccountRow, Budgets, QuestionRow, Questions } from './people';
export type { WorkerRow, Workers } from './processes';

export const PROTOCOL = 2;

/** How a listener is: idle, at work, waiting for others or for a person, or its last message went wrong. */
export type NodeState = 'idle' | 'processing' | 'waiting' | 'asking' | 'held' | 'error';

export interface OrganismRow {
  readonly name: string;
  readonly state: string;
  readonly generation: number;
  /** Messages that are queued, in the hands of a handler or waiting in a call. */
  readonly flying: number;
  readonly queued: number;
  readonly running: number;
  /** Conversations that are open. */
  readonly active: number;
  readonly dead: number;
  readonly refused: number;
  /** Dead letters that a person has sent again or dismissed. */
  readonly settled: number;
  /** Where messages are held before their handlers; only where there is something. */
  readonly breakpoints?: readonly BreakpointRow[];
  /** What is held, the one that has waited longest first; `holding` counts all of them. */
  readonly held?: readonly HeldRow[];
  readonly holding?: number;
  /** What is the matter with the store of the shared state, while something is. */
  readonly store?: string;
}

/** Messages for a listener, of a payload class, or what is both. */
export interface BreakpointRow {
  readonly listener?: string;
  readonly payload?: string;
}

/** A message that is held before its handler. */
export interface HeldRow {
  readonly key: number;
  readonly conversation: number;
  readonly number: number;
  readonly from: string;
  readonly to: string;
  readonly type: string;
  readonly bytes: number;
}

export interface NodeRow {
  readonly key: string;
  readonly kind: string;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  readonly state: NodeState;
  readonly running: number;
  readonly waiting: number;
  readonly queue: number;
  readonly handled: number;
  readonly errors: number;
  readonly refused: number;
  /** Of the times that its latest turns took, in milliseconds; not in a saved snapshot. */
  readonly median?: number;
  /** When its handler is called again after a failure; not in a saved snapshot. */
  readonly retry?: number;
  /** How many of its handlers wait for a person. */
  readonly asks?: number;
  /** How many of the messages in its queue are held at a breakpoint. */
  readonly held?: number;
  /** It was taken out by a reload. */
  readonly gone?: boolean;
}

export interface EdgeRow {
  readonly key: string;
  readonly from: string;
  readonly to: string;
  readonly declared: boolean;
  readonly sent: number;
  readonly answered: number;
  readonly refused: number;
  /** Why a send was refused last, in a few words. */
  readonly why?: string;
  /** Sent, and not handled yet. */
  readonly flying: number;
  /** The path in SVG's words; x and y are the place of its label. */
  readonly d: string;
  readonly x: number;
  readonly y: number;
}

export interface ConversationRow {
  readonly key: number;
  readonly state: string;
  readonly from: string;
  readonly to: string;
  readonly type: string;
  readonly text: string;
  readonly frames: number;
  readonly open: number;
  readonly messages: number;
  readonly began: Moment;
  readonly ended: Moment;
  readonly error?: string;
  /** The number of the notebook's cell that began it; not in a saved snapshot. */
  readonly cell?: number;
}

export interface FrameRow {
  readonly key: number;
  readonly conversation: number;
  /** The key of its caller's frame; 0 right below the injector. */
  readonly parent: number;
  readonly depth: number;
  readonly name: string;
  readonly type: string;
  readonly state: string;
  readonly opened: Moment;
  readonly closed: Moment;
  /** When its handler ran: begin and end, which is null while it runs. */
  readonly spans: readonly (readonly [number, Moment])[];
  readonly error?: string;
  readonly percent?: number;
  /** How often its handler was called for one message, if more than once. */
  readonly attempts?: number;
  /** Tokens that were spent in it, and in no frame below it. */
  readonly tokens?: number;
}

export interface MessageRow {
  readonly key: number;
  readonly conversation: number;
  readonly frame: number;
  readonly origin: number;
  readonly from: string;
  readonly to: string;
  readonly type: string;
  readonly kind: string;
  readonly bytes: number;
  readonly state: string;
  readonly queued: Moment;
  readonly began: Moment;
  readonly ended: Moment;
  readonly reason?: string;
  /** It is a dead letter that can be sent again. */
  readonly letter?: boolean;
  readonly repaired?: number;
}

/** A listener's contract, on demand. */
export interface ListenerDetail {
  readonly kind: string;
  readonly description: string;
  readonly accepts: readonly string[];
  readonly answers: readonly string[];
  readonly peers: readonly string[] | null;
  readonly handler: string;
  readonly example: string;
  readonly xsd: string;
  readonly prompt: string;
  /** The number of the notebook's cell that its handler stands in. */
  readonly cell?: number;
}

/** One stage that a message passed: what it looked like there. */
export interface StageDetail {
  readonly name: string;
  readonly state: 'passed' | 'changed' | 'refused' | 'never';
  readonly text: string;
  /** What changed or is wrong: the first character of each place, and the one after its last. */
  readonly marks?: readonly (readonly [number, number])[];
}

/** A message's passage, on demand. */
export interface MessageDetail {
  readonly stages: readonly StageDetail[];
  readonly why: string;
}

export interface Details {
  readonly listeners?: Readonly<Record<string, ListenerDetail>>;
  readonly messages?: Readonly<Record<string, MessageDetail>>;
}

export interface Snapshot {
  readonly protocol: typeof PROTOCOL;
  readonly session: string;
  readonly seq: number;
  readonly live: boolean;
  /** The kernel's clock when this was sent, in milliseconds since the view began; only while live. */
  readonly now?: number;
  readonly organism: OrganismRow;
  readonly graph: {
    readonly width: number;
    readonly height: number;
    readonly nodes: readonly NodeRow[];
    readonly edges: readonly EdgeRow[];
  };
  readonly threads: {
    readonly total: number;
    readonly conversations: readonly ConversationRow[];
    readonly frames: readonly FrameRow[];
  };
  readonly messages: { readonly total: number; readonly rows: readonly MessageRow[] };
  readonly budgets: Budgets;
  readonly questions: Questions;
  readonly workers: Workers;
  readonly details?: Details;
  /** Who holds the kernel's loop, in a sentence; the kernel sends nothing else meanwhile. */
  readonly blocked?: string;
  /** Nothing answers any more: when the last state came; empty if the view was closed on purpose. It is never sent. */
  readonly lost?: string;
}

export interface TableChange {
  readonly set?: readonly { readonly key: string | number }[];
  readonly gone?: readonly (string | number)[];
}

/** What of a snapshot became different. */
export interface Delta {
  readonly protocol: typeof PROTOCOL;
  readonly session: string;
  readonly base: number;
  readonly seq: number;
  readonly now?: number;
  readonly organism?: OrganismRow;
  readonly graph?: { readonly width: number; readonly height: number };
  readonly threads?: { readonly total: number };
  readonly messages?: { readonly total: number };
  readonly budgets?: Omit<Budgets, 'accounts'>;
  readonly questions?: Omit<Questions, 'questions'>;
  readonly workers?: Omit<Workers, 'workers'>;
  readonly tables?: Readonly<Record<string, TableChange>>;
}

// ---- guards

const BREAKPOINT: Shape = { listener: maybe(isText), payload: maybe(isText) };
const HELD: Shape = {
  ...each(isText, 'from', 'to', 'type'),
  ...each(isNumber, 'key', 'conversation', 'number', 'bytes')
};
const ORGANISM: Shape = {
  ...each(isText, 'name', 'state'),
  ...each(isNumber, 'generation', 'flying', 'queued', 'running', 'active', 'dead', 'refused', 'settled'),
  breakpoints: maybe(listOf(row => has(row, BREAKPOINT))),
  held: maybe(listOf(row => has(row, HELD))),
  holding: maybe(isNumber),
  store: maybe(isText)
};
const NODE: Shape = {
  ...each(isText, 'key', 'kind', 'state'),
  ...each(isNumber, 'x', 'y', 'w', 'h', 'running', 'waiting', 'queue', 'handled', 'errors', 'refused'),
  gone: maybe(isFlag),
  median: maybe(isNumber),
  retry: maybe(isNumber),
  asks: maybe(isNumber),
  held: maybe(isNumber)
};
const EDGE: Shape = {
  ...each(isText, 'key', 'from', 'to'),
  ...each(isNumber, 'sent', 'answered', 'refused', 'flying', 'x', 'y'),
  declared: isFlag,
  why: maybe(isText),
  d: isPath
};
const CONVERSATION: Shape = {
  ...each(isText, 'state', 'from', 'to', 'type', 'text'),
  ...each(isNumber, 'key', 'frames', 'open', 'messages'),
  ...each(isMoment, 'began', 'ended'),
  error: maybe(isText),
  cell: maybe(isNumber)
};
const FRAME: Shape = {
  ...each(isText, 'name', 'type', 'state'),
  ...each(isNumber, 'key', 'conversation', 'parent', 'depth'),
  ...each(isMoment, 'opened', 'closed'),
  spans: listOf(isSpan),
  error: maybe(isText),
  percent: maybe(isNumber),
  attempts: maybe(isNumber),
  tokens: maybe(isNumber)
};
const MESSAGE: Shape = {
  ...each(isText, 'from', 'to', 'type', 'kind', 'state'),
  ...each(isNumber, 'key', 'conversation', 'frame', 'origin', 'bytes'),
  ...each(isMoment, 'queued', 'began', 'ended'),
  reason: maybe(isText),
  letter: maybe(isFlag),
  repaired: maybe(isNumber)
};
const LISTENER_DETAIL: Shape = {
  ...each(isText, 'kind', 'description', 'handler', 'example', 'xsd', 'prompt'),
  ...each(listOf(isText), 'accepts', 'answers'),
  peers: value => value === null || listOf(isText)(value),
  cell: maybe(isNumber)
};
const MESSAGE_DETAIL: Shape = {
  stages: listOf(value => has(value, { ...each(isText, 'name', 'state', 'text'), marks: maybe(listOf(isMark)) })),
  why: isText
};

export const isOrganismRow = (value: unknown): value is OrganismRow => has(value, ORGANISM);
export const isNodeRow = once((value): value is NodeRow => has(value, NODE));
export const isEdgeRow = once((value): value is EdgeRow => has(value, EDGE));
export const isConversationRow = once((value): value is ConversationRow => has(value, CONVERSATION));
export const isFrameRow = once((value): value is FrameRow => has(value, FRAME));
export const isMessageRow = once((value): value is MessageRow => has(value, MESSAGE));
export const isListenerDetail = (value: unknown): value is ListenerDetail => has(value, LISTENER_DETAIL);
export const isMessageDetail = (value: unknown): value is MessageDetail => has(value, MESSAGE_DETAIL);
export const isDetails = (value: unknown): value is Details =>
  has(value, { listeners: maybe(recordOf(isListenerDetail)), messages: maybe(recordOf(isMessageDetail)) });

const GRAPH: Shape = { ...each(isNumber, 'width', 'height'), nodes: listOf(isNodeRow), edges: listOf(isEdgeRow) };
const THREADS: Shape = { total: isNumber, conversations: listOf(isConversationRow), frames: listOf(isFrameRow) };
const MESSAGES: Shape = { total: isNumber, rows: listOf(isMessageRow) };

/** Say whether this is a whole snapshot of our protocol. */
export const isSnapshot = (value: unknown): value is Snapshot =>
  has(value, {
    protocol: number => number === PROTOCOL,
    session: isText,
    seq: isNumber,
    live: isFlag,
    now: maybe(isNumber),
    organism: isOrganismRow,
    graph: part => has(part, GRAPH),
    threads: part => has(part, THREADS),
    messages: part => has(part, MESSAGES),
    budgets: isBudgets,
    questions: isQuestions,
    workers: isWorkers,
    details: maybe(isDetails)
  });

/** Say whether this is a change of a snapshot; the rows in it are checked once they are in their place. */
export const isDelta = (value: unknown): value is Delta =>
  has(value, {
    protocol: number => number === PROTOCOL,
    session: isText,
    base: isNumber,
    seq: isNumber,
    now: maybe(isNumber),
    organism: maybe(isOrganismRow),
    tables: maybe(
      recordOf(change =>
        has(change, {
          set: maybe(listOf(isObject)),
          gone: maybe(listOf(key => isText(key) || isNumber(key)))
        })
      )
    )
  });

/** Give the snapshot that a delta makes of another; null if it is none for that one, and a whole one is needed. */
export function applied(old: Snapshot, delta: Delta): Snapshot | null {
  if (delta.session !== old.session || delta.base !== old.seq) {
    return null;
  }
  const tables = delta.tables ?? {};
  const next: unknown = {
    ...old,
    seq: delta.seq,
    ...(delta.now === undefined ? {} : { now: delta.now }),
    organism: delta.organism ?? old.organism,
    graph: {
      ...old.graph,
      ...delta.graph,
      nodes: changed(old.graph.nodes, tables['nodes']),
      edges: changed(old.graph.edges, tables['edges'])
    },
    threads: {
      ...old.threads,
      ...delta.threads,
      conversations: changed(old.threads.conversations, tables['conversations']),
      frames: changed(old.threads.frames, tables['frames'])
    },
    messages: { ...old.messages, ...delta.messages, rows: changed(old.messages.rows, tables['rows']) },
    budgets: { ...old.budgets, ...delta.budgets, accounts: changed(old.budgets.accounts, tables['accounts']) },
    questions: {
      ...old.questions,
      ...delta.questions,
      questions: changed(old.questions.questions, tables['questions'])
    },
    workers: { ...old.workers, ...delta.workers, workers: changed(old.workers.workers, tables['workers']) }
  };
  return isSnapshot(next) ? next : null;
}

interface Keyed {
  readonly key: string | number;
}

function changed(rows: readonly Keyed[], change: TableChange | undefined): readonly Keyed[] {
  if (change === undefined) {
    return rows;
  }
  const fresh = new Map((change.set ?? []).map(row => [row.key, row]));
  const gone = new Set(change.gone ?? []);
  const next = rows.filter(row => !gone.has(row.key)).map(row => take(fresh, row));
  next.push(...fresh.values());
  return next.every(row => typeof row.key === 'number') ? next.sort((a, b) => Number(a.key) - Number(b.key)) : next;
}

function take(fresh: Map<string | number, Keyed>, row: Keyed): Keyed {
  const newer = fresh.get(row.key);
  fresh.delete(row.key);
  return newer ?? row;
}

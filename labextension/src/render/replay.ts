/** A conversation once more: what a snapshot would have told at an earlier moment, as far as it can be known from now. */

import type { ConversationRow, EdgeRow, FrameRow, MessageRow, NodeRow, Snapshot } from '../protocol';

/** How many times as fast as it was. */
export const SPEEDS = [1, 4, 16] as const;
export type Speed = (typeof SPEEDS)[number];

/** From when to when a conversation went, in milliseconds; null if it has not begun. */
export function rangeOf(snapshot: Snapshot, conversation: number, now: number): readonly [number, number] | null {
  const row = snapshot.threads.conversations.find(each => each.key === conversation);
  return row === undefined || row.began === null ? null : [row.began, Math.max(row.began, row.ended ?? now)];
}

/**
 * Give what was to be seen of one conversation at a moment.
 *
 * Only this conversation is in it: counts of others would not go back with it. Tokens stay as they are, because nobody
 * knows when each was spent.
 */
export function asOf(snapshot: Snapshot, conversation: number, at: number): Snapshot {
  const messages = snapshot.messages.rows
    .filter(row => row.conversation === conversation && isBy(row.queued, at))
    .map(row => messageAt(row, at));
  const busy = new Set(messages.filter(row => row.state === 'running' || row.state === 'queued').map(row => row.frame));
  const kept = snapshot.threads.frames.filter(row => row.conversation === conversation && isBy(row.opened, at));
  const frames = kept.map(row => frameAt(row, at, isBusyBelow(row, kept, busy)));
  const rows = snapshot.threads.conversations.filter(row => row.key === conversation);
  const flying = messages.filter(row => row.state === 'running' || row.state === 'queued').length;
  return {
    ...snapshot,
    now: at,
    organism: { ...without(snapshot.organism, 'held', 'holding'), state: 'replay', flying, queued: 0, running: flying },
    graph: {
      ...snapshot.graph,
      nodes: snapshot.graph.nodes.map(node => nodeAt(node, messages, frames)),
      edges: snapshot.graph.edges.map(edge => edgeAt(edge, messages)).filter(isDrawn)
    },
    threads: { total: rows.length, conversations: rows.map(row => conversationAt(row, frames, messages, at)), frames },
    messages: { total: messages.length, rows: messages },
    questions: { total: 0, questions: [] }
  };
}

function isBy(moment: number | null, at: number): boolean {
  return moment !== null && moment <= at;
}

/** A moment that has not come yet is none. */
function until(moment: number | null, at: number): number | null {
  return isBy(moment, at) ? moment : null;
}

const ARRIVED: ReadonlySet<string> = new Set(['done', 'error', 'running', 'asking']);

function messageAt(row: MessageRow, at: number): MessageRow {
  const [began, ended] = [until(row.began, at), until(row.ended, at)];
  // What was refused was so at once; all else was under way until it ended.
  const over = ended !== null || (row.ended === null && began !== null) || !ARRIVED.has(row.state);
  return {
    ...(over ? row : { ...without(row, 'reason'), state: began === null ? 'queued' : 'running' }),
    began,
    ended
  };
}

/** Give a row without what was not known yet. */
function without<Row extends object, Name extends keyof Row>(row: Row, ...names: Name[]): Omit<Row, Name> {
  const left = Object.entries(row).filter(([name]) => !names.includes(name as Name));
  return Object.fromEntries(left) as Omit<Row, Name>;
}

function frameAt(row: FrameRow, at: number, busy: boolean): FrameRow {
  const closed = until(row.closed, at);
  const spans = row.spans
    .filter(([from]) => from <= at)
    .map(([from, to]): readonly [number, number | null] => [from, until(to, at)]);
  if (closed !== null || (row.closed === null && row.state === 'error')) {
    return { ...row, closed, spans };
  }
  const runs = spans.some(([, to]) => to === null);
  return { ...without(row, 'error', 'percent'), closed, spans, state: runs ? 'processing' : busy ? 'waiting' : 'idle' };
}

/** Something is under way in a frame or below it. */
function isBusyBelow(row: FrameRow, frames: readonly FrameRow[], busy: ReadonlySet<number>): boolean {
  return busy.has(row.key) || frames.some(each => each.parent === row.key && isBusyBelow(each, frames, busy));
}

function conversationAt(
  row: ConversationRow,
  frames: readonly FrameRow[],
  messages: readonly MessageRow[],
  at: number
): ConversationRow {
  const ended = until(row.ended, at);
  const open = frames.filter(frame => frame.closed === null).length;
  const state = row.ended !== null && ended === null ? 'running' : row.state;
  return { ...row, ended, state, open, frames: frames.length, messages: messages.length };
}

function nodeAt(node: NodeRow, messages: readonly MessageRow[], frames: readonly FrameRow[]): NodeRow {
  const own = frames.filter(frame => frame.name === node.key);
  const running = own.filter(frame => frame.state === 'processing').length;
  const waiting = own.filter(frame => frame.state === 'waiting').length;
  const got = messages.filter(row => row.to === node.key && row.kind !== 'respond');
  const queue = got.filter(row => row.state === 'queued').length;
  const errors = got.filter(row => row.state === 'error').length;
  const state = running ? 'processing' : waiting || queue ? 'waiting' : 'idle';
  const handled = got.filter(row => row.ended !== null).length;
  const refused = messages.filter(row => row.from === node.key && row.state === 'refused').length;
  return {
    ...without(node, 'retry', 'median', 'asks', 'held'),
    state,
    running,
    waiting,
    queue,
    handled,
    errors,
    refused
  };
}

/** What was never declared is there only once something has gone over it. */
function isDrawn(edge: EdgeRow): boolean {
  return edge.declared || edge.sent + edge.answered + edge.refused > 0;
}

const COUNTED: ReadonlySet<string> = new Set(['inject', 'forward', 'call', 'itself']);

function edgeAt(edge: EdgeRow, messages: readonly MessageRow[]): EdgeRow {
  const there = messages.filter(row => row.from === edge.from && row.to === edge.to && COUNTED.has(row.kind));
  const refused = there.filter(row => row.state === 'refused').length;
  const sent = there.filter(row => row.state !== 'refused' && row.state !== 'dead').length;
  const flying = there.filter(row => row.state === 'queued' || row.state === 'running').length;
  const answered = messages.filter(row => row.kind === 'respond' && row.from === edge.to && row.to === edge.from);
  return { ...edge, sent, refused, flying, answered: answered.length };
}

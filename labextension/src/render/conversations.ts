/** The list of conversations, the newest first. */

import type { ConversationRow } from '../protocol';
import type { Desk } from './desk';
import { h, say } from './dom';
import { type Glyph, type Hue, State } from './glyphs';
import { Table } from './table';
import { count, lasting, plain, took } from './words';

const STATES: Readonly<Record<string, readonly [Glyph, Hue]>> = {
  running: ['processing', 'running'],
  done: ['done', 'idle'],
  failed: ['error', 'fault'],
  ended: ['stop', 'idle']
};

export function conversationTable(desk: Desk, choose: (row: ConversationRow) => void): Table<ConversationRow> {
  const headings = [
    { text: 'id' },
    { text: 'state' },
    { text: 'injected', look: 'hide-narrow' },
    { text: 'cell', look: 'num hide-narrow cell' },
    { text: 'frames', look: 'num hide-narrow' },
    { text: 'messages', look: 'num hide-tiny' },
    { text: desk.snapshot.live ? 'time' : 'steps', look: 'num' }
  ];
  return new Table<ConversationRow>('Conversations', headings, element => cells(desk, element), choose);
}

function cells(desk: Desk, element: HTMLTableRowElement): (row: ConversationRow) => void {
  const id = h('td');
  const state = new State();
  const way = h('span');
  const type = h('span', { class: 'muted' });
  const text = h('span');
  const cell = h('td', { class: 'num hide-narrow cell' });
  const frames = h('td', { class: 'num hide-narrow' });
  const messages = h('td', { class: 'num hide-tiny' });
  const time = h('td', { class: 'num' });
  const injected = h('td', { class: 'cut hide-narrow' }, way, ' ', type, ' ', text);
  element.append(id, h('td', {}, state.element), injected, cell, frames, messages, time);
  return row => {
    say(id, `#${row.key}`);
    const [mark, hue] = STATES[row.state] ?? ['idle', 'idle'];
    state.update(mark, hue, row.state);
    say(way, row.to ? `${plain(row.from, 40)} → ${plain(row.to, 40)}` : '');
    say(type, plain(row.type, 40));
    say(text, row.text ? `“${plain(row.text)}”` : '');
    element.title = row.error ? plain(row.error, 300) : '';
    say(cell, row.cell === undefined ? '' : `[${row.cell}]`);
    say(frames, count(row.frames));
    say(messages, count(row.messages));
    say(time, duration(desk, row.began, row.ended));
  };
}

/** Say how long something took, or has taken so far; a saved view counts steps. */
export function duration(desk: Desk, began: number | null, ended: number | null): string {
  if (began === null) {
    return '–';
  }
  const length = Math.max(0, (ended ?? desk.now) - began);
  if (!desk.snapshot.live) {
    return count(length);
  }
  return ended === null ? lasting(length) : took(length);
}

/** The frames of a conversation as a call stack on a time axis: thick while a handler ran, thin while it waits. */

import type { ConversationRow, FrameRow } from '../protocol';
import { type Axis, axis, place } from './axis';
import { duration } from './conversations';
import type { Desk } from './desk';
import { h, List, type Part, say, set } from './dom';
import { glyph, type Glyph } from './glyphs';
import { inOrder, pressable, Roving } from './keyboard';
import { plain } from './words';

const LOOKS: Readonly<Record<string, readonly [string, Glyph]>> = {
  processing: ['processing', 'processing'],
  waiting: ['waiting', 'waiting'],
  idle: ['idle', 'idle'],
  done: ['pruned', 'done'],
  error: ['error', 'error']
};

/** From this depth on the indent stops, and the rest is a number. */
const DEEPEST = 8;

export class Waterfall {
  readonly element = h('div');

  constructor(private readonly desk: Desk) {
    this.element.append(this.axisLine, this.tree);
    this.list = new List<FrameRow>(this.tree, row => this.row(row));
    this.roving = new Roving(this.tree, 'li', (from, key) => this.step(from, key));
  }

  update(conversation: ConversationRow, frames: readonly FrameRow[]): void {
    const end = conversation.ended ?? this.desk.now;
    this.axis = axis(conversation.began ?? 0, end, this.desk.snapshot.live);
    this.now = end;
    const labels = this.axis.labels.join(' ');
    if (this.labels !== labels) {
      this.labels = labels;
      this.axisLine.replaceChildren(
        h('span'),
        h('ol', {}, ...this.axis.labels.map(label => h('li', {}, label))),
        h('span')
      );
    }
    const { frame } = this.desk.selection;
    set(this.tree, {
      style: `--now: ${place(this.axis, end)}%`,
      'aria-label': `Frames of #${conversation.key}`
    });
    this.list.update(inTree(frames), `${this.axis.from} ${this.axis.length} ${conversation.ended ?? end} ${frame}`);
    this.roving.update(frame === null ? null : this.list.element(frame));
    this.list.settled();
  }

  focus(frame: number): void {
    (this.list.element(frame) as HTMLElement | null)?.focus();
  }

  private row(first: FrameRow): Part<FrameRow> {
    const mark = h('span', { class: 'mark' });
    const name = h('b');
    const type = h('span', { class: 'pl' });
    const lane = h('span', { class: 'lane' });
    const time = h('span', { class: 'num' });
    const who = h('span', {}, mark, name, type);
    const element = h('li', { role: 'treeitem', tabindex: -1, 'data-key': first.key }, who, lane, time);
    let row = first;
    pressable(element, () => this.desk.select({ frame: row.key, listener: row.name }));
    return {
      element,
      update: next => {
        row = next;
        const [look, sign] = LOOKS[next.state] ?? ['idle', 'idle'];
        const deep = next.depth > DEEPEST ? ` +${next.depth - DEEPEST}` : '';
        set(element, {
          class: look,
          style: `--d: ${Math.min(next.depth, DEEPEST)}`,
          'aria-level': next.depth + 1,
          'aria-selected': String(next.key === this.desk.selection.frame),
          'aria-label': `${plain(next.name)}, ${plain(next.type)}, ${next.error ? plain(next.error) : next.state}`
        });
        mark.replaceChildren(glyph(sign));
        say(name, plain(next.name, 60) + deep);
        say(type, plain(next.type, 60));
        say(time, duration(this.desk, next.opened, next.closed));
        lane.replaceChildren(...this.bars(next));
      }
    };
  }

  private bars(row: FrameRow): HTMLElement[] {
    const bar = (from: number, to: number, look: string) => {
      const x = place(this.axis, from);
      return h('i', { class: look, style: `--x: ${x}%; --w: ${Math.max(0, place(this.axis, to) - x)}%` });
    };
    const open = row.opened === null ? [] : [bar(row.opened, row.closed ?? this.now, '')];
    const runs = row.spans.map(([from, to]) => bar(from, to ?? this.now, 'on'));
    if (row.error === undefined) {
      return [...open, ...runs];
    }
    const at = place(this.axis, row.closed ?? this.now);
    const side = at > 60 ? { class: 'before', style: `--x: ${100 - at}%` } : { style: `--x: ${at}%` };
    return [...open, ...runs, h('em', side, plain(row.error, 60))];
  }

  /** Up and down in the order of the rows, left to the caller, right to the first callee. */
  private step(from: Element, key: string): Element | null {
    const own = Number(from.getAttribute('data-key'));
    const frames = this.desk.snapshot.threads.frames;
    if (key === 'ArrowLeft') {
      return this.list.element(frames.find(frame => frame.key === own)?.parent ?? 0);
    }
    if (key === 'ArrowRight') {
      return this.list.element(frames.find(frame => frame.parent === own)?.key ?? 0);
    }
    return inOrder(this.tree, 'li', 'ArrowUp', 'ArrowDown')(from, key);
  }

  private readonly axisLine = h('div', { class: 'axis', 'aria-hidden': 'true' });
  private readonly tree = h('ol', { class: 'fall', role: 'tree' });
  private readonly list: List<FrameRow>;
  private readonly roving: Roving;
  private axis: Axis = axis(0, 0, true);
  private now = 0;
  private labels = '';
}

/** Put callees right below their callers; those whose caller is not kept stand by themselves. */
export function inTree(frames: readonly FrameRow[]): FrameRow[] {
  const below = new Map<number, FrameRow[]>();
  const known = new Set(frames.map(frame => frame.key));
  for (const frame of frames) {
    const parent = known.has(frame.parent) && frame.parent < frame.key ? frame.parent : 0;
    below.set(parent, [...(below.get(parent) ?? []), frame]);
  }
  const order: FrameRow[] = [];
  const waiting = [...(below.get(0) ?? [])].reverse();
  for (let frame = waiting.pop(); frame !== undefined; frame = waiting.pop()) {
    order.push(frame);
    waiting.push(...[...(below.get(frame.key) ?? [])].reverse());
  }
  return order;
}

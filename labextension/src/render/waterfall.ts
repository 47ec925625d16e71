/** The frames of a conversation as a call stack on a time axis: thick while a handler ran, thin while it waits. */

import type { ConversationRow, FrameRow } from '../protocol';
import { type Axis, axis, place } from './axis';
import type { Desk } from './desk';
import { h, List, type Part, say, set } from './dom';
import { glyph, type Glyph } from './glyphs';
import { inOrder, pressable, Roving } from './keyboard';
import { timeCell } from './timecell';
import { inTree, type TreeRow } from './tree';
import { count, plain } from './words';

const LOOKS: Readonly<Record<string, readonly [string, Glyph]>> = {
  processing: ['processing', 'processing'],
  waiting: ['waiting', 'waiting'],
  asking: ['attention', 'you'],
  idle: ['idle', 'idle'],
  done: ['pruned', 'done'],
  error: ['error', 'error']
};

/** From this depth on the indent stops, and the rest is a number. */
const DEEPEST = 8;

/** At most that many runs of a handler are drawn in one row. */
const MOST_BARS = 60;

export class Waterfall {
  readonly element = h('div');

  /**
   * @param desk - What is shown.
   * @param reply - Goes to where a question is answered.
   */
  constructor(
    private readonly desk: Desk,
    private readonly reply: () => void
  ) {
    this.element.append(this.axisLine, this.tree);
    this.list = new List<TreeRow>(this.tree, row => this.row(row));
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
    const before = new Map(this.rows.map(row => [row.key, row]));
    this.rows = inTree(frames, this.turned).map(row => sameAs(before.get(row.key), row));
    const fixed = `${this.axis.from} ${this.axis.length} ${frame}`;
    this.list.update(this.rows, row => (row.alike.every(each => each.closed !== null) ? fixed : `${fixed} ${end}`));
    this.roving.update(frame === null ? null : this.list.element(frame));
    this.list.settled();
  }

  focus(frame: number): void {
    (this.list.element(frame) as HTMLElement | null)?.focus();
  }

  private row(first: TreeRow): Part<TreeRow> {
    const fold = h('span', { class: 'fold', 'aria-hidden': 'true' });
    const mark = h('span', { class: 'mark' });
    const name = h('b');
    const type = h('span', { class: 'pl' });
    const lane = h('span', { class: 'lane' });
    const time = timeCell(this.desk, frame => this.answer(frame));
    const who = h('span', {}, fold, mark, name, type);
    const element = h('li', { role: 'treeitem', tabindex: -1, 'data-key': first.key }, who, lane, time.element);
    let row = first;
    pressable(element, () => this.choose(row));
    fold.addEventListener('click', event => {
      event.stopPropagation();
      this.turn(row);
    });
    return {
      element,
      update: next => {
        row = next;
        const { frame } = next;
        const [look, sign] = LOOKS[frame.state] ?? ['idle', 'idle'];
        const deep = next.depth > DEEPEST ? ` +${next.depth - DEEPEST}` : '';
        set(element, {
          class: look,
          style: `--d: ${Math.min(next.depth, DEEPEST)}`,
          'aria-level': next.depth + 1,
          'aria-expanded': next.open === null ? null : String(next.open),
          'aria-selected': String(next.key === this.desk.selection.frame),
          'aria-label': `${plain(frame.name)}, ${kind(next)}, ${fate(frame) || frame.state}`
        });
        fold.replaceChildren(...(next.open === null ? [] : [glyph(next.open ? 'open' : 'shut')]));
        mark.replaceChildren(glyph(sign));
        say(name, plain(frame.name, 60) + deep);
        say(type, kind(next));
        time.update(next);
        lane.replaceChildren(...this.bars(next));
      }
    };
  }

  private answer(frame: FrameRow): void {
    this.desk.select({ frame: frame.key, listener: frame.name });
    this.reply();
  }

  private choose({ key, frame, alike }: TreeRow): void {
    if (alike.length > 1) {
      this.turn({ key, frame, alike, depth: 0, open: true });
    } else {
      this.desk.select({ frame: frame.key, listener: frame.name });
    }
  }

  /** Open what is closed, and close what is open. */
  private turn({ key, open }: TreeRow): void {
    if (open !== null) {
      if (!this.turned.delete(key)) {
        this.turned.add(key);
      }
      this.desk.redraw();
    }
  }

  private bars({ alike }: TreeRow): HTMLElement[] {
    const bar = (from: number, to: number, look: string) => {
      const x = place(this.axis, from);
      return h('i', { class: look, style: `--x: ${x}%; --w: ${Math.max(0, place(this.axis, to) - x)}%` });
    };
    const open = alike.filter(frame => frame.opened !== null);
    const lines = open.map(frame => bar(frame.opened ?? 0, frame.closed ?? this.now, ''));
    const runs = alike.flatMap(frame => frame.spans.map(([from, to]) => bar(from, to ?? this.now, 'on')));
    const [frame] = alike;
    const words = frame ? fate(frame) : '';
    if (frame === undefined || words === '') {
      return [...lines.slice(0, MOST_BARS), ...runs.slice(0, MOST_BARS)];
    }
    const at = place(this.axis, frame.closed ?? this.now);
    const side = at > 60 ? { class: 'before', style: `--x: ${100 - at}%` } : { style: `--x: ${at}%` };
    return [...lines, ...runs, h('em', side, words)];
  }

  /** Up and down in the order of the rows; right opens, then goes to the first callee; left closes, then to the caller. */
  private step(from: Element, key: string): Element | null {
    const at = this.rows.findIndex(each => String(each.key) === from.getAttribute('data-key'));
    const row = this.rows[at];
    if (row === undefined || (key !== 'ArrowLeft' && key !== 'ArrowRight')) {
      return inOrder(this.tree, 'li', 'ArrowUp', 'ArrowDown')(from, key);
    }
    if (row.open === (key === 'ArrowLeft')) {
      this.turn(row);
      return from;
    }
    return this.list.element((key === 'ArrowLeft' ? this.above(at, row) : this.below(at, row))?.key ?? '');
  }

  private above(at: number, row: TreeRow): TreeRow | undefined {
    const before = this.rows.slice(0, at).reverse();
    return before.find(each => each.depth < row.depth);
  }

  private below(at: number, row: TreeRow): TreeRow | undefined {
    const next = this.rows[at + 1];
    return next && next.depth > row.depth ? next : undefined;
  }

  private readonly axisLine = h('div', { class: 'axis', 'aria-hidden': 'true' });
  private readonly tree = h('ol', { class: 'fall', role: 'tree' });
  private readonly list: List<TreeRow>;
  private readonly roving: Roving;
  private readonly turned = new Set<number | string>();
  private rows: readonly TreeRow[] = [];
  private axis: Axis = axis(0, 0, true);
  private now = 0;
  private labels = '';
}

/** Give the row as it was, if nothing in it is different: then it is not drawn again. */
function sameAs(old: TreeRow | undefined, row: TreeRow): TreeRow {
  const same = old?.open === row.open && old.depth === row.depth && old.alike.length === row.alike.length;
  return same && old.alike.every((frame, at) => frame === row.alike[at]) ? old : row;
}

/** What it was sent: the type, how many there are of it, which attempt it is. */
function kind({ frame, alike }: TreeRow): string {
  const type = plain(frame.type, 60);
  if (alike.length > 1) {
    return `${type} × ${count(alike.length)}`;
  }
  return frame.attempts && !frame.error && frame.closed === null ? `${type}, attempt ${frame.attempts}` : type;
}

/** Why it went wrong, if it did. */
function fate(frame: FrameRow): string {
  if (frame.error === undefined) {
    return '';
  }
  return plain(frame.error, 60) + (frame.attempts ? `, ${frame.attempts} attempts` : '');
}

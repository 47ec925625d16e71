/** The sequence of the selected frame: who sent what to whom, among it and its neighbours. */

import type { FrameRow, MessageRow } from '../protocol';
import type { Desk } from './desk';
import { h, s, say, set } from './dom';
import { markers } from './edge';
import { stateWord } from './fate';
import { plain, plural, took } from './words';

const MOST_LIFELINES = 5;
const MOST_MESSAGES = 12;
const APART = 68;
const LEFT = 34;
const STEP = 36;
const TOP = 42;

/** A bar on a lifeline: x, y, height, and whether it is at work now. */
type Bar = readonly [number, number, number, boolean];

export class Sequence {
  readonly element = h('div');

  constructor(private readonly desk: Desk) {
    this.element.append(
      h('div', { class: 'head' }, h('h3', {}, 'Sequence'), this.about),
      h('div', { class: 'seq' }, this.svg, this.earlier)
    );
  }

  update(frame: FrameRow | null): void {
    const { messages } = this.desk.snapshot;
    const all = frame === null ? [] : messages.rows.filter(row => concerns(row, frame));
    const names = [...new Set(all.flatMap(row => [row.from, row.to]).filter(Boolean))].slice(0, MOST_LIFELINES);
    const shown = all.filter(row => names.includes(row.from) && names.includes(row.to)).slice(-MOST_MESSAGES);
    const busy = this.busy(frame);
    const drawn = JSON.stringify([frame, names, shown.map(row => [row.key, row.state]), busy]);
    if (drawn === this.drawn) {
      return;
    }
    this.drawn = drawn;
    say(this.about, frame ? `frame ${plain(frame.name, 60)}${this.since(frame)}` : 'of the frame that is selected');
    say(this.earlier, all.length > shown.length ? `${plural(all.length - shown.length, 'message')} earlier` : '');
    this.draw(names, shown, busy);
  }

  /** How long after the beginning of its conversation a frame was opened. */
  private since(frame: FrameRow): string {
    const { threads, live } = this.desk.snapshot;
    const began = threads.conversations.find(row => row.key === frame.conversation)?.began;
    return live && frame.opened !== null && typeof began === 'number' ? `, ${took(frame.opened - began)}` : '';
  }

  /** The frames of the conversation whose handlers run now. */
  private busy(frame: FrameRow | null): readonly FrameRow[] {
    const { frames } = this.desk.snapshot.threads;
    return frames.filter(each => each.conversation === frame?.conversation && each.state === 'processing');
  }

  private draw(names: readonly string[], rows: readonly MessageRow[], busy: readonly FrameRow[]): void {
    const id = `${this.desk.id}-seq`;
    const height = TOP + Math.max(1, rows.length) * STEP + (busy.length ? 24 : 0);
    const width = Math.max(2, names.length) * APART;
    set(this.svg, {
      viewBox: `0 0 ${width} ${height}`,
      width,
      'aria-label': `Sequence: ${rows.map(sentence).join('; ') || 'nothing yet'}`
    });
    const at = (name: string) => LEFT + names.indexOf(name) * APART;
    const lines = names.map(name => s('path', { class: 'life', d: `M${at(name)} 18V${height - 4}` }));
    const titles = names.map(name => text(at(name), 11, clipped(name), ''));
    const atWork = new Set(busy.map(frame => frame.name));
    const bars = this.bars(names, rows, height, atWork).map(([x, y, tall, on]) =>
      s('rect', { class: on ? 'act on' : 'act', x: x - 3, y, width: 6, height: tall })
    );
    const percent = busy
      .filter(frame => frame.percent !== undefined && names.includes(frame.name))
      .map(frame => text(at(frame.name) + 8, height - 14, `${frame.percent} %`, 'activet', 'start'));
    const arrows = rows.flatMap((row, number) => arrow(id, row, at(row.from), at(row.to), TOP + number * STEP));
    this.svg.replaceChildren(markers(id), ...titles, ...lines, ...bars, ...arrows, ...percent);
  }

  /** When each was at work: from its first message to its last, or to the end while it still is. */
  private bars(
    names: readonly string[],
    rows: readonly MessageRow[],
    height: number,
    atWork: ReadonlySet<string>
  ): Bar[] {
    const ports = this.desk.snapshot.graph.nodes.filter(node => node.kind === 'port').map(node => node.key);
    return names.flatMap((name, column) => {
      const mine = rows.filter(row => row.from === name || (row.to === name && row.state !== 'refused'));
      const [first, last] = [mine[0], mine[mine.length - 1]];
      if (!first || !last || ports.includes(name)) {
        return [];
      }
      const on = atWork.has(name);
      const top = TOP + rows.indexOf(first) * STEP - (first.from === name ? 10 : 0);
      const bottom = on ? height - 4 : Math.max(top + 18, TOP + rows.indexOf(last) * STEP);
      return [[LEFT + column * APART, top, bottom - top, on] as Bar];
    });
  }

  private readonly svg = s('svg', { role: 'img' });
  private readonly about = h('span', { class: 'dense muted' });
  private readonly earlier = h('p', { class: 'dense muted' });
  private drawn = '';
}

function concerns(row: MessageRow, frame: FrameRow): boolean {
  return row.conversation === frame.conversation && (row.frame === frame.key || row.origin === frame.key);
}

function sentence(row: MessageRow): string {
  const verb = row.state === 'refused' ? 'is refused' : row.state === 'error' ? 'fails' : 'is sent';
  return `${plain(row.type)} ${verb} from ${plain(row.from)} to ${plain(row.to)}`;
}

function clipped(name: string): string {
  return plain(name, 11);
}

function text(x: number, y: number, words: string, look: string, anchor = 'middle'): SVGTextElement {
  return s('text', { x, y, class: look, 'text-anchor': anchor }, words);
}

const LOOKS: Readonly<Record<string, string>> = {
  refused: 'refused',
  dead: 'refused',
  running: 'live',
  queued: 'live'
};

function arrow(id: string, row: MessageRow, from: number, to: number, y: number): SVGElement[] {
  const kind = LOOKS[row.state] ?? 'used';
  const ahead = to >= from ? 1 : -1;
  const itself = from === to;
  const d = itself ? `M${from + 3} ${y - 8}h16v8h-14` : `M${from + 3 * ahead} ${y}H${to - 5 * ahead}`;
  const middle = itself ? from + 22 : (from + to) / 2;
  const hue = kind === 'refused' ? 'faultt' : '';
  const label = text(middle, y - 5, clipped(row.type), hue, itself ? 'start' : 'middle');
  const fate = kind === 'refused' ? [text(middle, y + 13, stateWord(row), hue)] : [];
  return [s('path', { class: `edge ${kind}`, d, 'marker-end': `url(#${id}-${kind})` }), label, ...fate];
}

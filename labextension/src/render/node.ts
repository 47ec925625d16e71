/** One node of the graph: its shape is its kind; outline, glyph and words are its state. */

import type { NodeRow } from '../protocol';
import { type Part, s, say, set } from './dom';
import { glyph, type Glyph } from './glyphs';
import { pressable } from './keyboard';
import { plain } from './words';

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

const GLYPHS: Readonly<Record<string, Glyph>> = {
  idle: 'idle',
  processing: 'processing',
  waiting: 'waiting',
  asking: 'you',
  held: 'break',
  error: 'error'
};

/** A person is waited for. */
const ATTENTION: ReadonlySet<string> = new Set(['asking', 'held']);

/** Say how a listener is, with counts: `waiting 1, queue 2`. */
export function stateWords(node: NodeRow, now = 0): string {
  const { asks = 0, held = 0, retry, running, queue } = node;
  const counts: [string, number][] = [
    ['waiting', node.waiting - (retry === undefined ? 0 : 1) - asks - held],
    ['queue', queue - held]
  ];
  const words = [
    ...counted([
      ['awaiting you', asks],
      ['held', held],
      ['processing', running]
    ]),
    errorWords(node, now),
    ...counted(counts)
  ];
  return words.filter(Boolean).join(', ') || (node.gone ? 'taken out' : 'idle');
}

function counted(counts: readonly [string, number][]): string[] {
  return counts.filter(([, number]) => number > 0).map(([word, number]) => `${word} ${number}`);
}

function errorWords(node: NodeRow, now: number): string {
  if (node.retry !== undefined) {
    return `error, retry in ${Math.ceil(Math.max(0, node.retry - now) / 1000)} s`;
  }
  return node.state === 'error' ? `error ${node.errors}` : '';
}

/** Make the part that draws a node in its box. */
export function nodePart(
  place: (row: NodeRow) => Box,
  chosen: (row: NodeRow) => boolean,
  act: (row: NodeRow) => void,
  now: () => number
) {
  return (first: NodeRow): Part<NodeRow> => {
    const [shapes, mark, tip] = [s('g'), s('g'), s('title')];
    const [name, line, tag] = texts();
    const group = s('g', { role: 'button', tabindex: -1, 'data-key': first.key }, tip, shapes, mark, name, tag, line);
    let row = first;
    let drawn = '';
    pressable(group, () => act(row));
    return {
      element: group,
      update(next) {
        row = next;
        const box = place(next);
        const inset = next.kind === 'port' || next.kind === 'person' ? 14 : 10;
        const geometry = JSON.stringify([box, next.kind]);
        if (geometry !== drawn) {
          drawn = geometry;
          shapes.replaceChildren(...outline(next.kind, box));
          write(box, inset, name, line, tag);
        }
        mark.replaceChildren(glyph(GLYPHS[next.state] ?? 'idle', { x: box.x + inset, y: box.y + 9 }));
        const words = stateWords(next, now());
        say(name, fitting(plain(next.key, 60), box.w - inset * 2 - 24 - next.kind.length * 6.6));
        say(tag, next.kind);
        say(line, cut(words, Math.floor((box.w - inset - 19) / 5.8)));
        say(tip, `${plain(next.key)}: ${words}`);
        set(group, {
          class: `node ${ATTENTION.has(next.state) ? 'attention' : next.state}${next.gone ? ' gone' : ''}`,
          'aria-pressed': String(chosen(next)),
          'aria-label': `${plain(next.key)}, ${next.kind}, ${words}`
        });
      }
    };
  };
}

/** The texts of a node: its name, its state and its kind. */
function texts(): [SVGElement, SVGElement, SVGElement] {
  const tag = s('text', { class: 'tag', 'text-anchor': 'end' });
  return [s('text', { class: 'name' }), s('text', { class: 'line' }), tag];
}

/** Put the texts of a node in their places. */
function write(box: Box, inset: number, name: Element, line: Element, tag: Element): void {
  set(name, { x: box.x + inset + 17, y: box.y + 19 });
  set(line, { x: box.x + inset + 17, y: box.y + 35 });
  set(tag, { x: box.x + box.w - inset - 1, y: box.y + 19 });
}

/** Cut a name to the room there is; letters of the widest common face are taken for granted. */
function fitting(name: string, room: number): string {
  return cut(name, Math.max(3, Math.floor(room / 7.4)));
}

function cut(name: string, letters: number): string {
  return name.length <= letters + 1 ? name : `${name.slice(0, letters)}…`;
}

function outline(kind: string, { x, y, w, h }: Box): SVGElement[] {
  if (kind === 'system') {
    return [s('path', { class: 'box', d: `M${x + 9},${y}h${w - 18}l9,9v${h - 18}l-9,9h${18 - w}l-9,-9v${18 - h}z` })];
  }
  const radius = kind === 'agent' ? 10 : kind === 'port' || kind === 'person' ? h / 2 : 0;
  const box = s('rect', { class: 'box', x, y, width: w, height: h, rx: radius });
  const plate = s('path', { class: 'plate', d: `M${x + 4},${y}v-4h${w}v${h}h-4` });
  return kind === 'cpu_bound' ? [plate, box] : [box];
}

/** One edge of the graph: declared, used, in flight or refused; its label says how often. */

import type { EdgeRow } from '../protocol';
import type { Desk } from './desk';
import { type Part, s, say, set } from './dom';
import type { Box } from './node';
import { count, plain, wide } from './words';

export interface Line {
  readonly d: string;
  readonly x: number;
  readonly y: number;
  readonly anchor?: 'start' | 'middle' | 'end';
  /** There is no room for a reason. */
  readonly brief?: boolean;
}

/** An edge is drawn as in flight at least that long, so that fast traffic is seen. */
const SEEN_MS = 300;

export type Look = 'idle' | 'used' | 'live' | 'refused';

/** Remembers for each edge until when it is in flight. */
export class Flights {
  constructor(private readonly desk: Desk) {}

  look(edge: EdgeRow): Look {
    const lasting = this.desk.snapshot.live && this.until(edge) > performance.now();
    if (lasting && edge.flying === 0) {
      this.later();
    }
    return lasting ? 'live' : restingLook(edge);
  }

  /** Until when an edge is in flight: for as long as something flies, and a moment after it did. */
  private until(edge: EdgeRow): number {
    const seen = edge.sent + edge.answered;
    const known = this.known.get(edge.key) ?? { seen, until: 0 };
    const until = edge.flying > 0 || seen > known.seen ? performance.now() + SEEN_MS : known.until;
    this.known.set(edge.key, { seen, until });
    return until;
  }

  /** How often this was different; parts that depend on it are drawn anew. */
  turn = 0;

  private later(): void {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.turn += 1;
      this.desk.redraw();
    }, SEEN_MS);
  }

  dispose(): void {
    if (this.timer !== null) {
      clearTimeout(this.timer);
    }
  }

  private timer: ReturnType<typeof setTimeout> | null = null;
  private readonly known = new Map<string, { seen: number; until: number }>();
}

function restingLook(edge: EdgeRow): Look {
  if (edge.refused > 0 && edge.sent === 0) {
    return 'refused';
  }
  return edge.sent > 0 || edge.answered > 0 ? 'used' : 'idle';
}

/** Say what went over an edge: `3→ 1←`, or why nothing may. */
export function edgeWords(edge: EdgeRow, brief = false): string {
  const traffic = edge.sent || edge.answered ? `${count(edge.sent)}→ ${count(edge.answered)}←` : '';
  const refused = edge.refused
    ? `${count(edge.refused)} refused${edge.why && !brief ? `: ${plain(edge.why, 40)}` : ''}`
    : '';
  return [traffic, refused].filter(Boolean).join(', ');
}

/** Make the part that draws the line of an edge. */
export function linePart(id: string, place: (row: EdgeRow) => Line, look: (row: EdgeRow) => Look) {
  return (): Part<EdgeRow> => {
    const path = s('path', { 'aria-hidden': 'true' });
    return {
      element: path,
      update(edge) {
        const kind = look(edge);
        set(path, { class: `edge ${kind}`, d: place(edge).d, 'marker-end': `url(#${id}-${kind})` });
      }
    };
  };
}

/** Make the part that draws the label of an edge; labels stand above all lines. */
export function labelPart(place: (row: EdgeRow) => Line, look: (row: EdgeRow) => Look) {
  return (): Part<EdgeRow> => {
    const patch = s('rect', { height: 16, rx: 3 });
    const text = s('text');
    const label = s('g', { 'aria-hidden': 'true' }, patch, text);
    return {
      element: label,
      update(edge) {
        const { x, y, anchor = 'middle', brief } = place(edge);
        const words = edgeWords(edge, brief);
        const [left, width] = extent(words, x, anchor);
        set(label, { class: `count ${look(edge)}`, display: words ? null : 'none' });
        set(patch, { x: left, y: y - 8, width });
        set(text, { x, y: y + 4, 'text-anchor': anchor });
        say(text, words);
      }
    };
  };
}

/** Where a label begins, and how wide it is. */
function extent(words: string, x: number, anchor: 'start' | 'middle' | 'end'): [number, number] {
  const width = wide(words, 11) + 2;
  return [x - { start: 2, middle: width / 2, end: width - 2 }[anchor], width];
}

/** Whether a node would cover the label of an edge. */
export function isCovered(edge: EdgeRow, { x, y, anchor = 'middle', brief }: Line, boxes: Iterable<Box>): boolean {
  const [left, width] = extent(edgeWords(edge, brief), x, anchor);
  for (const box of boxes) {
    if (box.x < left + width && left < box.x + box.w && box.y < y + 8 && y - 8 < box.y + box.h) {
      return true;
    }
  }
  return false;
}

/** The heads of the arrows. */
export function markers(id: string): SVGDefsElement {
  const head = (kind: string, size: number) => {
    const box = { viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: size, markerHeight: size };
    const path = s('path', { class: `m ${kind}`, d: 'M0 0l8 4-8 4z' });
    return s('marker', { id: `${id}-${kind}`, ...box, markerUnits: 'userSpaceOnUse', orient: 'auto' }, path);
  };
  const cross = s(
    'marker',
    {
      id: `${id}-refused`,
      viewBox: '0 0 10 10',
      refX: 5,
      refY: 5,
      markerWidth: 10,
      markerHeight: 10,
      markerUnits: 'userSpaceOnUse'
    },
    s('path', { class: 'm refused', d: 'M1 1l8 8m0-8l-8 8' })
  );
  return s('defs', {}, head('idle', 7), head('used', 8), head('live', 9), cross);
}

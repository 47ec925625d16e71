/** The graph where there is little room: nodes in a column, short calls in the gaps, long ones in lanes on the left. */

import type { EdgeRow, NodeRow } from '../protocol';
import type { Line } from './edge';
import type { Box } from './node';

const LEFT = 92;
const WIDTH = 178;
const HEIGHT = 46;
const STEP = 66;
const TOP = 8;

/** Where everything stands. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly boxes: ReadonlyMap<string, Box>;
  readonly lines: ReadonlyMap<string, Line>;
}

/** Stand the nodes in a column, in the order of the wide picture, and lead the edges around them. */
export function column(nodes: readonly NodeRow[], edges: readonly EdgeRow[]): Picture {
  const order = [...nodes].sort((a, b) => a.x - b.x || a.y - b.y);
  const at = new Map(order.map((node, number) => [node.key, number]));
  const boxes = new Map(
    order.map((node, number) => [node.key, { x: LEFT, y: TOP + number * STEP, w: WIDTH, h: HEIGHT }])
  );
  const lines = new Map<string, Line>();
  const lanes = edges.filter(edge => !isShort(edge, at) && !isRefused(edge));
  const apart = Math.min(22, 70 / Math.max(1, lanes.length));
  const taken: number[] = [];
  let left = 0;
  let right = 0;
  for (const edge of edges) {
    const from = TOP + (at.get(edge.from) ?? 0) * STEP;
    const to = TOP + (at.get(edge.to) ?? 0) * STEP;
    if (isShort(edge, at)) {
      lines.set(edge.key, { d: `M126,${from + HEIGHT}V${to - 2}`, x: 134, y: from + HEIGHT + 9, anchor: 'start' });
    } else if (isRefused(edge)) {
      lines.set(edge.key, around(from + 31, to + 31, 270, 280 + 6 * right++, 276, 'end'));
    } else {
      const lane = 72 - apart * left++;
      const line = around(from + 15 + (left % 3) * 7, to + 15, LEFT, lane, LEFT - 2, 'middle');
      lines.set(edge.key, { ...line, y: clear(taken, line.y, from) });
    }
  }
  return { width: 296, height: TOP + order.length * STEP, boxes, lines };
}

function isShort(edge: EdgeRow, at: ReadonlyMap<string, number>): boolean {
  return (at.get(edge.to) ?? 0) === (at.get(edge.from) ?? 0) + 1 && !isRefused(edge);
}

function isRefused(edge: EdgeRow): boolean {
  return edge.refused > 0 && edge.sent === 0;
}

function around(from: number, to: number, side: number, lane: number, end: number, anchor: 'middle' | 'end'): Line {
  return {
    d: `M${side},${from}H${lane}V${to}H${end}`,
    x: anchor === 'end' ? lane - 2 : Math.max(lane, 24),
    y: anchor === 'end' ? to - 40 : (from + to) / 2,
    anchor
  };
}

/** Find a height for a label at which no other label of a lane stands, near the wanted one. */
function clear(taken: number[], wanted: number, top: number): number {
  const free = (y: number) => taken.every(other => Math.abs(other - y) >= 17);
  const tries = Array.from({ length: 24 }, (_, at) => wanted + 9 * (at % 2 ? -at : at)).filter(y => y > top - 20);
  const found = tries.find(free) ?? wanted;
  taken.push(found);
  return found;
}

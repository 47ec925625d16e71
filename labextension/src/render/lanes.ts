/** The graph where there is little room: nodes in a column, short calls in the gaps, long ones in lanes on the left. */

import type { EdgeRow, NodeRow } from '../protocol';
import type { Line } from './edge';
import type { Box } from './node';

const LEFT = 92;
const WIDTH = 178;
const HEIGHT = 46;
const STEP = 66;
const TOP = 8;
const CORNER = 6;

/** Where everything stands. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly boxes: ReadonlyMap<string, Box>;
  readonly lines: ReadonlyMap<string, Line>;
}

type Places = ReadonlyMap<string, number>;

/** Stand the nodes in a column, each below one that sends to it if that can be, and lead the edges around them. */
export function column(nodes: readonly NodeRow[], edges: readonly EdgeRow[]): Picture {
  const order = inTurn(nodes, edges);
  const at = new Map(order.map((name, number) => [name, number]));
  const boxes = new Map(order.map((name, number) => [name, box(number)]));
  const lines = new Map<string, Line>();
  const right = edges.filter(isRefused);
  const left = edges.filter(edge => !isRefused(edge) && !isShort(edge, at)).sort((a, b) => span(a, at) - span(b, at));
  for (const edge of edges.filter(each => isShort(each, at))) {
    const y = box(at.get(edge.from) ?? 0).y + HEIGHT;
    lines.set(edge.key, { d: `M126,${y}V${y + STEP - HEIGHT - 2}`, x: 134, y: y + 9, anchor: 'start' });
  }
  const [out, into] = [new Map<string, number>(), new Map<string, number>()];
  const apart = Math.min(22, 70 / Math.max(1, left.length));
  const taken: number[] = [];
  left.forEach((edge, number) => {
    const [from, to] = [box(at.get(edge.from) ?? 0).y, box(at.get(edge.to) ?? 0).y];
    const down = to > from;
    const begin = from + (down ? 33 - 8 * Math.min(3, next(out, edge.from)) : 31);
    const end = to + (down ? 13 + 6 * Math.min(2, next(into, edge.to)) : 33);
    const lane = Math.round(72 - apart * number);
    const y = clear(taken, (begin + end) / 2, Math.min(from, to));
    lines.set(edge.key, { d: around(begin, end, LEFT, lane, LEFT - 2), x: Math.max(lane, 24), y, anchor: 'middle' });
  });
  right.forEach((edge, number) => {
    const [from, to] = [box(at.get(edge.from) ?? 0).y, box(at.get(edge.to) ?? 0).y];
    const side = LEFT + WIDTH;
    const d = around(from + 31, to + 23, side, side + 16 + 5 * Math.min(2, number), side + 6);
    lines.set(edge.key, { d, x: side + 8, y: to - 10, anchor: 'end', brief: true });
  });
  return { width: 296, height: TOP + order.length * STEP - (STEP - HEIGHT) + TOP, boxes, lines };
}

function box(number: number): Box {
  return { x: LEFT, y: TOP + number * STEP, w: WIDTH, h: HEIGHT };
}

/**
 * Go through the nodes by their declared edges, the topmost first; whoever is not reached begins anew.
 *
 * What is sent changes nothing of that: nodes stay where they are.
 */
function inTurn(nodes: readonly NodeRow[], edges: readonly EdgeRow[]): string[] {
  const sorted = [...nodes].sort((a, b) => a.x - b.x || a.y - b.y).map(node => node.key);
  const high = new Map(nodes.map(node => [node.key, node.y]));
  const order: string[] = [];
  const seen = new Set<string>();
  const ahead = [...sorted].reverse();
  for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
    if (!seen.has(name) && high.has(name)) {
      seen.add(name);
      order.push(name);
      const targets = edges.filter(edge => edge.from === name && edge.declared).map(edge => edge.to);
      ahead.push(...targets.sort((a, b) => (high.get(b) ?? 0) - (high.get(a) ?? 0)));
    }
  }
  return order;
}

function span(edge: EdgeRow, at: Places): number {
  return Math.abs((at.get(edge.to) ?? 0) - (at.get(edge.from) ?? 0));
}

function isShort(edge: EdgeRow, at: Places): boolean {
  return (at.get(edge.to) ?? 0) === (at.get(edge.from) ?? 0) + 1 && !isRefused(edge);
}

function isRefused(edge: EdgeRow): boolean {
  return edge.refused > 0 && edge.sent === 0;
}

/** Count how often a name was asked for. */
function next(counts: Map<string, number>, name: string): number {
  const count = counts.get(name) ?? 0;
  counts.set(name, count + 1);
  return count;
}

/** Lead a line out of a side, along a lane and back in, with round corners. */
function around(from: number, to: number, side: number, lane: number, end: number): string {
  const bend = CORNER * Math.sign(lane - side);
  const turn = CORNER * Math.sign(to - from || 1);
  return `M${side},${from}H${lane - bend}q${bend},0 ${bend},${turn}V${to - turn}q0,${turn} ${-bend},${turn}H${end}`;
}

/** Find a height for a label at which no other label of a lane stands, near the wanted one. */
function clear(taken: number[], wanted: number, top: number): number {
  const free = (y: number) => taken.every(other => Math.abs(other - y) >= 17);
  const tries = Array.from({ length: 24 }, (_, at) => wanted + 9 * (at % 2 ? -at : at)).filter(y => y > top - 20);
  const found = tries.find(free) ?? wanted;
  taken.push(found);
  return found;
}

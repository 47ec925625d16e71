/** What the frames of a conversation have spent: width is tokens, depth is who called whom. */

import type { AccountRow, FrameRow } from '../protocol';
import type { Desk } from './desk';
import { h, List, type Part, say, set } from './dom';
import { inOrder, Roving } from './keyboard';
import { count, plain, wide } from './words';

/** A piece of the picture: places in percent of all that is spent or reserved. */
export interface Piece {
  readonly key: string;
  readonly depth: number;
  readonly x: number;
  readonly w: number;
  readonly name: string;
  readonly tokens: number;
  /** The frame that it stands for; null for what is reserved, or was spent in frames that are not kept. */
  readonly frame: FrameRow | null;
  readonly look: '' | 'self' | 'closed' | 'res';
}

/** Pieces below this many percent cannot be seen, nor hit. */
const LEAST = 0.4;
const DEEPEST = 7;
const LETTERS = 11;
const INSET = 12;

/** Lay the frames of one conversation out. */
export function flame(frames: readonly FrameRow[], { used, reserved }: AccountRow): Piece[] {
  const all = used + reserved;
  if (all === 0) {
    return [];
  }
  const { below, total } = sums(frames);
  const pieces: Piece[] = [];
  const add = (piece: Omit<Piece, 'x' | 'w'>, from: number) => {
    const w = (100 * piece.tokens) / all;
    if (w >= LEAST) {
      pieces.push({ ...piece, x: (100 * from) / all, w });
    }
    return from + piece.tokens;
  };
  const walk = (frame: FrameRow, depth: number, from: number): number => {
    const { key, name, closed, tokens = 0 } = frame;
    const callees = (below.get(key) ?? []).filter(each => total(each) > 0);
    const look = closed === null ? '' : 'closed';
    const end = add({ key: String(key), depth, name: plain(name, 60), tokens: total(frame), frame, look }, from);
    if (callees.length > 0 && depth < DEEPEST) {
      let at = from;
      if (tokens > 0) {
        at = add({ key: `${key} itself`, depth: depth + 1, name: 'itself', tokens, frame, look: 'self' }, at);
      }
      for (const callee of callees) {
        at = walk(callee, depth + 1, at);
      }
    }
    return end;
  };
  let at = 0;
  for (const root of below.get(0) ?? []) {
    at = total(root) > 0 ? walk(root, 0, at) : at;
  }
  const lost = { key: 'lost', depth: 0, name: 'not kept', tokens: Math.max(0, used - at), frame: null };
  at = add({ ...lost, look: 'closed' }, at);
  add({ key: 'reserved', depth: 0, name: 'reserved', tokens: reserved, frame: null, look: 'res' }, at);
  return pieces;
}

/** Who called whom, and what was spent in a frame and below it. */
function sums(frames: readonly FrameRow[]): {
  below: ReadonlyMap<number, readonly FrameRow[]>;
  total: (frame: FrameRow) => number;
} {
  const below = new Map<number, FrameRow[]>();
  const totals = new Map<number, number>();
  const known = new Set(frames.map(frame => frame.key));
  // A callee has a higher number than its caller, so that whoever comes last is summed first.
  for (const frame of [...frames].sort((a, b) => b.key - a.key)) {
    const parent = known.has(frame.parent) && frame.parent < frame.key ? frame.parent : 0;
    below.set(parent, [frame, ...(below.get(parent) ?? [])]);
    const own = (frame.tokens ?? 0) + (totals.get(frame.key) ?? 0);
    totals.set(frame.key, own);
    totals.set(parent, (totals.get(parent) ?? 0) + own);
  }
  return { below, total: frame => totals.get(frame.key) ?? 0 };
}

export class Flame {
  readonly element = h('div', { class: 'flame', role: 'group' });

  constructor(private readonly desk: Desk) {
    this.list = new List<Piece>(this.element, first => this.part(first));
    this.roving = new Roving(this.element, 'button', inOrder(this.element, 'button', 'ArrowLeft', 'ArrowRight'));
  }

  update(frames: readonly FrameRow[], account: AccountRow): void {
    const pieces = flame(frames, account);
    const deepest = Math.max(0, ...pieces.map(piece => piece.depth + 1));
    set(this.element, { 'aria-label': `Tokens of #${account.key} by frame`, style: `height: ${deepest * 25 + 12}px` });
    const { frame } = this.desk.selection;
    this.list.update(pieces, () => `${frame} ${this.desk.width}`);
    this.roving.update();
    this.list.settled();
  }

  private part(first: Piece): Part<Piece> {
    const element = h('button', { type: 'button' });
    let piece = first;
    element.addEventListener('click', () => {
      const { frame } = piece;
      if (frame) {
        this.desk.select({ frame: frame.key, conversation: frame.conversation, listener: frame.name });
      }
    });
    return {
      element,
      update: next => {
        piece = next;
        this.draw(element, next);
      }
    };
  }

  private draw(element: HTMLElement, { name, tokens, frame, look, x, w, depth }: Piece): void {
    const whole = frame !== null && look !== 'self';
    const chosen = whole && frame.key === this.desk.selection.frame;
    const failed = whole && frame.error !== undefined;
    const words = failed ? `✕ ${name}` : name;
    set(element, {
      class: [look, chosen ? 'sel' : '', failed ? 'failed' : ''].filter(Boolean).join(' '),
      style: `--x: ${round(x)}%; --w: ${round(w)}%; --d: ${depth}`,
      title: `${name} ${count(tokens)}`,
      'aria-label': `${words}, ${count(tokens)} tokens`,
      'aria-pressed': whole ? String(chosen) : null
    });
    say(element, this.fitting([`${words} ${count(tokens)}`, words], w));
  }

  /** The longest label that there is room for; the tooltip has it all. */
  private fitting(labels: readonly string[], w: number): string {
    const room = ((this.desk.width - 24) * w) / 100 - INSET;
    return labels.find(label => wide(label, LETTERS) <= room) ?? '';
  }

  private readonly list: List<Piece>;
  private readonly roving: Roving;
}

function round(percent: number): number {
  return Math.round(percent * 100) / 100;
}

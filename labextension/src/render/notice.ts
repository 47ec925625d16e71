/** The one line below a frame line, while there is something to do: what is the case, and the way out. */

import { button } from './button';
import type { Desk } from './desk';
import { type Child, h } from './dom';
import { listens, wish } from './host';
import { block, plain } from './words';

/** Write the notice for the present state; nothing where nothing is to be done. */
export function noticeOf(desk: Desk, place: HTMLElement): Node[] {
  const { blocked, lost, live, organism } = desk.snapshot;
  if (lost) {
    return [h('span', {}, `Last state, ${lost}. Run the `, h('code', {}, '%%organism'), ' cell to start again.')];
  }
  if (lost === '' && organism.state !== 'stopped') {
    return [h('span', {}, 'This view was closed, and shows what was then. Run its cell to have it live again.')];
  }
  if (blocked !== undefined) {
    return holding(desk, blocked, place);
  }
  if (organism.store !== undefined) {
    return [h('span', {}, block(organism.store, 400))];
  }
  return live && organism.state === 'stopped'
    ? [h('span', {}, 'Run the ', h('code', {}, '%%organism'), ' cell to start again.')]
    : [];
}

/** Who holds the loop stands out; its cell is a click away, where a notebook listens. */
function holding(desk: Desk, words: string, place: HTMLElement): Node[] {
  const who = desk.snapshot.graph.nodes.find(node => words.startsWith(`${node.key} `))?.key ?? '';
  const rest = block(words.slice(who.length), 400);
  const line: Child[] = rest
    .split(/(\bdef\b|\bcpu_bound\b|\bawait asyncio\.\w+\(\w*\))/)
    .map((piece, at) => (at % 2 ? h('code', {}, piece) : piece));
  const shown: Node[] = [h('span', {}, who ? h('b', {}, plain(who, 60)) : null, ...line)];
  const cell = Number(/\bcell (\d+)/i.exec(words)?.[1] ?? 0);
  if (cell > 0 && listens(place)) {
    shown.push(button({ text: `Show cell ${cell}`, act: () => wish(place, { show: cell }) }));
  }
  return shown;
}

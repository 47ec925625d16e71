/** One line about several organisms: what runs, how much is in flight, and who holds the loop; no DOM. */

import type { Told } from './render/outside';
import { count, plain } from './render/words';

export interface Status {
  /** Empty where there is nothing to say. */
  readonly text: string;
  /** The whole story, for who asks. */
  readonly title: string;
  readonly isBlocked: boolean;
}

/** Sum up what organisms tell of themselves. */
export function statusOf(told: readonly Told[]): Status {
  const alive = told.filter(({ lost, organism }) => lost === undefined && organism.state !== 'stopped');
  const held = alive.find(({ blocked }) => blocked !== undefined);
  if (held?.blocked !== undefined) {
    return { text: `${nameOf(held)}: loop blocked by ${holder(held.blocked)}`, title: held.blocked, isBlocked: true };
  }
  const [only] = alive;
  if (only === undefined) {
    return { text: '', title: '', isBlocked: false };
  }
  const title = alive.map(lineOf).join('\n');
  return { text: alive.length === 1 ? lineOf(only) : sumOf(alive), title, isBlocked: false };
}

function lineOf(told: Told): string {
  const { state, flying, queued } = told.organism;
  const numbers = state === 'paused' ? `${count(queued)} held` : `${count(flying)} in flight`;
  const [held] = state === 'running' ? (told.organism.held ?? []) : [];
  return `${nameOf(told)}: ${held ? `held at ${plain(held.to, 40)}` : plain(state, 20)} · ${numbers}`;
}

function sumOf(alive: readonly Told[]): string {
  const flying = alive.reduce((sum, { organism }) => sum + organism.flying, 0);
  const paused = alive.filter(({ organism }) => organism.state === 'paused').length;
  const held = alive.reduce((sum, { organism }) => sum + (organism.holding ?? 0), 0);
  const words = [paused ? `${paused} paused` : '', held ? `${count(held)} held` : ''];
  const parts = [`${alive.length} organisms`, ...words, `${count(flying)} in flight`];
  return parts.filter(Boolean).join(' · ');
}

function nameOf({ organism }: Told): string {
  return plain(organism.name, 40);
}

/** The kernel's sentence begins with who it is: `hog holds the event loop (cell 3, line 5), so …`. */
function holder(words: string): string {
  const who = plain(/^(.{1,80}?) holds /.exec(words)?.[1] ?? 'something', 40);
  return who.replace(/^Cell (?=\d)/, 'cell ');
}

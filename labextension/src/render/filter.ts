/** The filter of messages: words, and `from:`, `to:`, `with:`, `type:`, `in:`, `state:` before a word. */

import type { MessageRow } from '../protocol';
import { stateWord } from './fate';

const FIELDS: Readonly<Record<string, (row: MessageRow) => readonly string[]>> = {
  from: row => [row.from],
  to: row => [row.to],
  with: row => [row.from, row.to],
  type: row => [row.type],
  in: row => [`#${row.conversation}`, String(row.conversation)],
  state: row => [stateWord(row)]
};

/** Make the test that a filter means. */
export function matcher(filter: string): (row: MessageRow) => boolean {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const tests = words.map(word => {
    const [name = '', ...rest] = word.split(':');
    const field = FIELDS[name];
    const wanted = rest.join(':');
    if (field && word.includes(':')) {
      return (row: MessageRow) =>
        field(row).some(value => value.toLowerCase() === wanted || (wanted === '' && value === ''));
    }
    return (row: MessageRow) =>
      [row.from, row.to, row.type, stateWord(row)].some(value => value.toLowerCase().includes(word));
  });
  return row => tests.every(test => test(row));
}

/** Give the type that is nearest to one that a filter names and no message has. */
export function nearestType(filter: string, rows: readonly MessageRow[]): string | null {
  const wanted = /(?:^|\s)type:(\S+)/.exec(filter)?.[1]?.toLowerCase();
  const types = [...new Set(rows.map(row => row.type))].filter(Boolean);
  if (!wanted || types.some(type => type.toLowerCase() === wanted)) {
    return null;
  }
  const ranked = types.map(type => [distance(type.toLowerCase(), wanted), type] as const).sort((a, b) => a[0] - b[0]);
  const best = ranked[0];
  return best && best[0] <= Math.max(2, wanted.length / 2) ? best[1] : null;
}

/** How many letters must change, at most over the first forty. */
function distance(one: string, other: string): number {
  const [a, b] = [one.slice(0, 40), other.slice(0, 40)];
  let last = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const swap = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((last[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, swap));
    }
    last = next;
  }
  return last[b.length] ?? 0;
}

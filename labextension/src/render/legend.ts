/** What shapes and lines of the graph mean. */

import { h, s } from './dom';

const SHAPES: readonly (readonly [string, string])[] = [
  ['M4 1h14a3 3 0 0 1 3 3v4a3 3 0 0 1-3 3h-14a3 3 0 0 1-3-3v-4a3 3 0 0 1 3-3z', 'agent'],
  ['M1 1h20v10h-20z', 'tool'],
  ['M1 3h17v8h-17zM4 3v-2h17v8h-3', 'cpu_bound'],
  ['M4 1h14l3 3v4l-3 3h-14l-3-3v-4z', 'system'],
  ['M6 1h10a5 5 0 0 1 0 10h-10a5 5 0 0 1 0-10z', 'port, person'],
  ['M0 6h22', 'unused']
];

export function legend(): HTMLElement {
  const entry = (path: string, words: string, hue = '') =>
    h('span', { class: hue }, s('svg', { viewBox: '0 0 22 12', 'aria-hidden': 'true' }, s('path', { d: path })), words);
  return h(
    'div',
    { class: 'legend', 'aria-label': 'Legend' },
    ...SHAPES.map(([path, words]) => entry(path, words)),
    h('span', {}, '3→ 1← sent, answered'),
    entry('M0 6h22', 'in flight now', 'live'),
    entry('M0 6h22', 'refused', 'refused')
  );
}

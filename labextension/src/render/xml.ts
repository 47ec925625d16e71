/** XML as text: its tags in another ink, and underlined what has changed or is wrong. */

import { h } from './dom';
import { block } from './words';

/** Longer texts are shown in one ink: to colour them costs more than it helps. */
const LONGEST_COLOURED = 8000;

export type Mark = readonly [number, number];

/**
 * Make the element that shows a text.
 *
 * @param text - The text.
 * @param marks - The places to underline, in characters.
 * @param look - What they are: `ch` has changed, `bad` is wrong.
 */
export function xml(text: string, marks: readonly Mark[] = [], look: 'ch' | 'bad' = 'ch'): HTMLElement {
  const pre = h('pre', { class: 'xml', tabindex: 0 });
  // The kernel counts characters; a text here counts some of them twice.
  const letters = [...block(text)];
  let at = 0;
  for (const [begin, end] of marks) {
    if (begin >= at && end > begin && begin < letters.length) {
      pre.append(...coloured(letters.slice(at, begin).join('')));
      pre.append(h('span', { class: look }, letters.slice(begin, end).join('')));
      at = end;
    }
  }
  pre.append(...coloured(letters.slice(at).join('')));
  return pre;
}

function coloured(text: string): (Node | string)[] {
  if (text.length > LONGEST_COLOURED) {
    return [text];
  }
  return text
    .split(/(<[^<>]*>)/)
    .filter(Boolean)
    .map(piece => (piece.startsWith('<') && piece.endsWith('>') ? h('span', { class: 't' }, piece) : piece));
}

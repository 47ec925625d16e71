/** XML as text, with its tags in another ink. */

import { h } from './dom';
import { block } from './words';

/** Longer texts are shown in one ink: to colour them costs more than it helps. */
const LONGEST_COLOURED = 8000;

export function xml(text: string): HTMLElement {
  const shown = block(text);
  const pre = h('pre', { class: 'xml', tabindex: 0 });
  if (shown.length > LONGEST_COLOURED) {
    pre.textContent = shown;
    return pre;
  }
  for (const piece of shown.split(/(<[^<>]*>)/)) {
    if (piece.startsWith('<') && piece.endsWith('>')) {
      pre.append(h('span', { class: 't' }, piece));
    } else if (piece) {
      pre.append(piece);
    }
  }
  return pre;
}

/** The octagon on the top edge of a node whose messages are held. */

import type { NodeRow } from '../protocol';
import { type Part, s, set } from './dom';
import { glyph } from './glyphs';
import type { Box } from './node';

type Make = (first: NodeRow) => Part<NodeRow>;

/** Make the parts of nodes with an octagon where there is a breakpoint. */
export function withOctagon(make: Make, place: (row: NodeRow) => Box, stops: (row: NodeRow) => boolean): Make {
  return first => {
    const part = make(first);
    const point = s('g', { class: 'bp' });
    part.element.append(point);
    return {
      element: part.element,
      update(row) {
        part.update(row);
        const { x, y, w } = place(row);
        const stop = stops(row);
        point.replaceChildren(...(stop ? [glyph('break', { x: x + w - 28, y: y - 6 })] : []));
        if (stop) {
          set(part.element, { 'aria-label': `${part.element.getAttribute('aria-label')}, breakpoint` });
        }
      }
    };
  };
}

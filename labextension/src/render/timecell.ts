/** The last cell of a frame: how long it was open; where it asks a person, the button that leads to the answer. */

import type { FrameRow } from '../protocol';
import { button } from './button';
import { duration } from './conversations';
import type { Desk } from './desk';
import { h, type Part, say } from './dom';
import type { TreeRow } from './tree';

/** Make the cell; `reply` goes to where the question of a frame is answered. */
export function timeCell(desk: Desk, reply: (frame: FrameRow) => void): Part<TreeRow> {
  const element = h('span', { class: 'num' });
  let shown: FrameRow | null = null;
  const asks = button({ text: 'Reply', look: 'primary', act: () => shown && reply(shown) });
  asks.addEventListener('click', event => event.stopPropagation());
  return {
    element,
    update: row => {
      shown = row.frame;
      if (row.frame.state !== 'asking' || !desk.isAble) {
        say(element, duration(desk, ...span(row)));
      } else if (asks.parentNode !== element) {
        element.replaceChildren(asks);
      }
    }
  };
}

/** From when to when a row was open. */
function span({ alike }: TreeRow): [number | null, number | null] {
  const opened = alike.map(frame => frame.opened).filter(each => each !== null);
  const closed = alike.map(frame => frame.closed).filter(each => each !== null);
  return [
    opened.length ? Math.min(...opened) : null,
    closed.length === alike.length && closed.length ? Math.max(...closed) : null
  ];
}

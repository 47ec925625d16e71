/** A meter: solid is used, hatched is reserved, with a tick at each threshold. */

import type { AccountRow } from '../protocol';
import { levelOf, percentOf, TICKS } from './accounts';
import { h, set } from './dom';
import { count } from './words';

export class Meter {
  readonly element = h('div', { role: 'meter', 'aria-valuemin': 0, 'aria-valuemax': 100 });

  constructor() {
    const ticks = TICKS.map(at => h('u', { style: `--t: ${at}%` }));
    this.element.append(h('i'), h('i', { class: 'res' }), ...ticks);
  }

  update(account: AccountRow): void {
    const { key, limit, used, reserved } = account;
    const percent = percentOf(account);
    const share = (tokens: number, room: number) => Math.min(room, limit ? (100 * tokens) / limit : 0);
    const solid = share(used, 100);
    const hatched = share(reserved, 100 - solid);
    const aside = reserved ? ` and ${count(reserved)} reserved` : '';
    set(this.element, {
      class: `meter ${levelOf(percent)}`.trim(),
      hidden: limit === null,
      style: `--u: ${round(solid)}%; --r: ${round(hatched)}%`,
      'aria-valuenow': Math.min(100, percent ?? 0),
      'aria-label': `#${key}, ${count(used)} used${aside} of ${count(limit ?? 0)} tokens`
    });
  }
}

function round(percent: number): number {
  return Math.round(percent * 100) / 100;
}

/** The tabs: name and count; one stop of the tab key, moved by the arrows. */

import type { Desk, Panel, Tab } from './desk';
import { h, say, set } from './dom';
import { inOrder, Roving } from './keyboard';
import { count, plain } from './words';

const TABS: readonly (readonly [Tab, string])[] = [
  ['graph', 'Graph'],
  ['threads', 'Threads'],
  ['messages', 'Messages']
];

export class Tabs implements Panel {
  readonly element = h('div', { class: 'tabs', role: 'tablist' });

  /**
   * @param desk - What is shown.
   * @param current - Says which tab is open.
   */
  constructor(
    private readonly desk: Desk,
    private readonly current: () => Tab
  ) {
    for (const [tab, name] of TABS) {
      const number = h('i');
      const made = h('button', { type: 'button', class: 'tab', role: 'tab', id: `${desk.id}-${tab}` }, name, number);
      set(made, { 'aria-controls': `${desk.id}-${tab}-panel` });
      made.addEventListener('click', () => desk.open(tab));
      this.tabs.set(tab, [made, number]);
      this.element.append(made);
    }
    this.roving = new Roving(this.element, '.tab', inOrder(this.element, '.tab', 'ArrowLeft', 'ArrowRight'));
  }

  update(): void {
    const { organism, threads, messages } = this.desk.snapshot;
    set(this.element, { 'aria-label': `Views of ${plain(organism.name, 60)}` });
    const counts: Readonly<Record<Tab, number>> = { graph: 0, threads: threads.total, messages: messages.total };
    for (const [tab, [element, number]] of this.tabs) {
      set(element, { 'aria-selected': String(tab === this.current()) });
      say(number, counts[tab] ? count(counts[tab]) : '');
    }
    this.roving.update(this.tabs.get(this.current())?.[0]);
  }

  focus(tab: Tab): void {
    this.tabs.get(tab)?.[0].focus();
  }

  private readonly roving: Roving;
  private readonly tabs = new Map<Tab, [HTMLButtonElement, HTMLElement]>();
}

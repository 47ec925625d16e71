/** The tabs: name and count; one stop of the tab key, moved by the arrows. */

import { exhausted } from './accounts';
import type { Desk, Panel, Tab } from './desk';
import { h, say, set } from './dom';
import { inOrder, Roving } from './keyboard';
import { count, plain } from './words';

const TABS: readonly (readonly [Tab, string])[] = [
  ['graph', 'Graph'],
  ['threads', 'Threads'],
  ['budgets', 'Budgets'],
  ['messages', 'Messages'],
  ['workers', 'Workers']
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
    const { organism, threads, messages, workers } = this.desk.snapshot;
    set(this.element, { 'aria-label': `Views of ${plain(organism.name, 60)}` });
    const counts: Readonly<Record<Tab, number>> = {
      graph: 0,
      threads: threads.total,
      budgets: 0,
      messages: messages.total,
      workers: workers.total
    };
    for (const [tab, [element, number]] of this.tabs) {
      set(element, { 'aria-selected': String(tab === this.current()) });
      if (tab !== 'budgets') {
        say(number, counts[tab] ? count(counts[tab]) : '');
      }
    }
    this.drawExhausted();
    this.roving.update(this.tabs.get(this.current())?.[0]);
  }

  /** A red mark stands only for budgets that are exhausted. */
  private drawExhausted(): void {
    const number = this.tabs.get('budgets')?.[1];
    const { live, lost } = this.desk.snapshot;
    const over = live && lost === undefined ? exhausted(this.desk.snapshot) : 0;
    if (number && number.getAttribute('data-over') !== String(over)) {
      set(number, { class: 'fault', 'data-over': over, title: over ? `${count(over)} exhausted` : null });
      number.replaceChildren(...(over ? ['!', h('span', { class: 'txt' }, ` ${count(over)}`)] : []));
    }
  }

  focus(tab: Tab): void {
    this.tabs.get(tab)?.[0].focus();
  }

  private readonly roving: Roving;
  private readonly tabs = new Map<Tab, [HTMLButtonElement, HTMLElement]>();
}

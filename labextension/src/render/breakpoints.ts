/** The menu of breakpoints: which listeners and payload classes stop, and the way to set and take back each. */

import type { BreakpointRow } from '../protocol';
import { button } from './button';
import type { Desk, Panel } from './desk';
import { type Keyed, h, List, type Part, say, set, show } from './dom';
import { glyph } from './glyphs';
import { inOrder, pressable, Roving } from './keyboard';
import { count, plain } from './words';

/** One line of the menu. */
interface Item extends Keyed {
  readonly key: string;
  readonly where: BreakpointRow;
  readonly on: boolean;
}

/** Say whether messages for a listener stop, whatever they are. */
export function stops(desk: Desk, listener: string): boolean {
  return points(desk).some(each => each.listener === listener && each.payload === undefined);
}

function points(desk: Desk): readonly BreakpointRow[] {
  return desk.snapshot.organism.breakpoints ?? [];
}

/** Set a breakpoint at a listener, or take it back. */
export function toggle(desk: Desk, listener: string): void {
  void desk.actions?.breakpoint({ listener }, !stops(desk, listener));
}

export class BreakpointsMenu implements Panel {
  readonly element: HTMLElement;

  constructor(private readonly desk: Desk) {
    const act = () => (this.menu.hidden ? this.open() : this.close());
    this.opener = button({ text: 'Breakpoints', glyph: 'break', look: 'has-n', act });
    this.opener.append(this.number);
    set(this.opener, { 'aria-haspopup': 'menu', 'aria-expanded': 'false' });
    this.element = h('span', { class: 'menu-box' }, this.opener, this.menu);
    this.items = new List<Item>(this.menu, first => this.item(first));
    this.roving = new Roving(this.menu, '.item', inOrder(this.menu, '.item', 'ArrowUp', 'ArrowDown'));
    this.element.addEventListener('keydown', event => this.pressed(event));
    this.element.addEventListener('focusout', event => {
      if (!this.element.contains(event.relatedTarget as Node | null)) {
        this.shut();
      }
    });
  }

  update(): void {
    const set_ = points(this.desk).length;
    say(this.number, set_ ? count(set_) : '');
    const names = points(this.desk).map(each => plain(words(each), 40));
    set(this.opener, {
      'aria-label': set_ ? `Breakpoints, ${count(set_)} set` : 'Breakpoints',
      title: names.length ? `Breakpoints: ${names.join(', ')}` : 'Breakpoints: hold messages before their handlers'
    });
    if (!this.menu.hidden) {
      this.items.update(this.rows());
      this.roving.update();
    }
  }

  /** Every listener, then what stops besides. */
  private rows(): Item[] {
    const { nodes } = this.desk.snapshot.graph;
    const listeners = nodes
      .filter(node => !node.gone && node.kind !== 'port')
      .map(node => ({ key: `l ${node.key}`, where: { listener: node.key }, on: stops(this.desk, node.key) }));
    const others = points(this.desk)
      .filter(each => each.payload !== undefined)
      .map(where => ({ key: `p ${where.payload} ${where.listener ?? ''}`, where, on: true }));
    return [...listeners, ...others];
  }

  private item(first: Item): Part<Item> {
    const [mark, word] = [h('span', { class: 'mark' }, glyph('break')), h('span', { class: 'word' })];
    const element = h('div', { class: 'item', role: 'menuitemcheckbox', tabindex: -1 }, mark, word);
    let row = first;
    pressable(element, () => void this.desk.actions?.breakpoint(row.where, !row.on));
    return {
      element,
      update(next) {
        row = next;
        say(word, plain(words(next.where), 60));
        set(element, { 'aria-checked': String(next.on) });
      }
    };
  }

  private open(): void {
    show(this.menu, true);
    set(this.opener, { 'aria-expanded': 'true' });
    this.update();
    this.menu.querySelector<HTMLElement>('.item[tabindex="0"]')?.focus();
  }

  private shut(): void {
    show(this.menu, false);
    set(this.opener, { 'aria-expanded': 'false' });
  }

  private close(): void {
    this.shut();
    this.opener.focus();
  }

  private pressed(event: KeyboardEvent): void {
    if (event.key === 'Escape' && !this.menu.hidden) {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    }
  }

  private readonly opener: HTMLButtonElement;
  private readonly number = h('span', { class: 'n' });
  private readonly menu = h('div', { class: 'menu', role: 'menu', 'aria-label': 'Breakpoints', hidden: true });
  private readonly items: List<Item>;
  private readonly roving: Roving;
}

/** A listener, a class, or a class of a listener. */
function words({ listener, payload }: BreakpointRow): string {
  return [payload, listener].filter(Boolean).join(' for ');
}

/** Tables whose rows are chosen by click or Enter and walked by arrows. */

import { h, type Keyed, List, type Part, set } from './dom';
import { inOrder, pressable, Roving } from './keyboard';

export interface Heading {
  readonly text: string;
  readonly look?: string;
}

export class Table<Row extends Keyed> {
  readonly element: HTMLTableElement;
  readonly body = h('tbody');

  /**
   * @param label - What the table holds.
   * @param headings - Its columns.
   * @param fill - Makes the cells of a row, and what brings them up to date.
   * @param choose - Is told of the row that was chosen.
   */
  constructor(
    label: string,
    headings: readonly Heading[],
    fill: (element: HTMLTableRowElement) => (row: Row) => void,
    choose: (row: Row) => void
  ) {
    const head = headings.map(({ text, look }) => h('th', { scope: 'col', class: look }, text));
    this.element = h('table', { role: 'grid', 'aria-label': label }, h('thead', {}, h('tr', {}, ...head)), this.body);
    this.list = new List<Row>(this.body, first => made(first, fill, choose));
    this.roving = new Roving(this.body, 'tr', inOrder(this.body, 'tr', 'ArrowUp', 'ArrowDown'));
  }

  /** Bring the rows up to date; `selected` is the key of the row that is marked, `context` what else a row depends on. */
  update(rows: readonly Row[], selected: string | number | null, context?: (row: Row) => unknown): void {
    this.list.update(rows, context);
    for (const row of this.body.children) {
      set(row, { 'aria-selected': row.getAttribute('data-key') === String(selected) ? 'true' : null });
    }
    this.roving.update(selected === null ? null : this.list.element(selected));
    this.list.settled();
  }

  row(key: string | number): HTMLElement | null {
    return this.list.element(key) as HTMLElement | null;
  }

  private readonly list: List<Row>;
  private readonly roving: Roving;
}

function made<Row extends Keyed>(
  first: Row,
  fill: (element: HTMLTableRowElement) => (row: Row) => void,
  choose: (row: Row) => void
): Part<Row> {
  const element = h('tr', { tabindex: -1, 'data-key': first.key });
  const update = fill(element);
  let row = first;
  pressable(element, () => choose(row));
  return {
    element,
    update(next) {
      row = next;
      update(next);
    }
  };
}

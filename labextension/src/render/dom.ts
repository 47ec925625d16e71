/** Elements made and patched by hand: texts are only ever text, and what did not change is not touched. */

const SVG = 'http://www.w3.org/2000/svg';

export type Value = string | number | boolean | null | undefined;
export type Attributes = Readonly<Record<string, Value>>;
export type Child = Node | string | null;

/** Make an HTML element. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  return filled(document.createElement(tag), attributes, children);
}

/** Make an SVG element. */
export function s<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[Tag] {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled<Kind extends Element>(element: Kind, attributes: Attributes, children: readonly Child[]): Kind {
  set(element, attributes);
  element.append(...children.filter(child => child !== null));
  return element;
}

/** Set attributes that are different; null, undefined and false take one away. */
export function set(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    const wanted =
      value === null || value === undefined || value === false ? null : value === true ? '' : String(value);
    if (wanted === null) {
      element.removeAttribute(name);
    } else if (element.getAttribute(name) !== wanted) {
      element.setAttribute(name, wanted);
    }
  }
}

/** Set the text of an element if it is different. */
export function say(element: Element, text: string): void {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

/** Show or hide an element. */
export function show(element: HTMLElement, shown: boolean): void {
  if (element.hidden === shown) {
    element.hidden = !shown;
  }
}

export interface Keyed {
  readonly key: string | number;
}

/** One row on the page. */
export interface Part<Row> {
  readonly element: Element;
  update(row: Row): void;
}

/** New rows fade in if none came in so many milliseconds: where they come thick, all would always be fading. */
const RARE_MS = 500;

/** Rows by key: each keeps its element for as long as it is there. */
export class List<Row extends Keyed> {
  /**
   * @param parent - Where the rows are.
   * @param make - Makes the elements of a new row.
   */
  constructor(
    private readonly parent: Element,
    private readonly make: (row: Row) => Part<Row>
  ) {}

  /** Bring the rows up to date; `context` gives what a row depends on besides itself. */
  update(rows: readonly Row[], context: (row: Row) => unknown = () => null): void {
    const there = new Set(rows.map(row => row.key));
    for (const [key, kept] of this.parts) {
      if (!there.has(key)) {
        kept.part.element.remove();
        this.parts.delete(key);
      }
    }
    const fades = this.fades(rows);
    let next = this.parent.firstElementChild;
    for (const row of rows) {
      const element = this.updated(row, context(row), fades);
      if (element === next) {
        next = next.nextElementSibling;
      } else {
        this.parent.insertBefore(element, next);
      }
    }
  }

  /** Give the element of a row. */
  element(key: string | number): Element | null {
    return this.parts.get(key)?.part.element ?? null;
  }

  private updated(row: Row, context: unknown, fades: boolean): Element {
    let kept = this.parts.get(row.key);
    if (kept === undefined) {
      kept = { part: this.make(row), row: null, context: null };
      kept.part.element.classList.toggle('fresh', fades);
      this.parts.set(row.key, kept);
    }
    if (kept.row !== row || kept.context !== context) {
      kept.part.update(row);
      kept.row = row;
      kept.context = context;
    }
    return kept.part.element;
  }

  /** From now on new rows fade in. */
  settled(): void {
    this.drawn = true;
  }

  /** Whether those of the rows that are new are to fade in. */
  private fades(rows: readonly Row[]): boolean {
    if (rows.every(row => this.parts.has(row.key))) {
      return false;
    }
    const before = this.latest;
    this.latest = performance.now();
    return this.drawn && this.latest - before > RARE_MS;
  }

  private drawn = false;
  /** When a row was new last. */
  private latest = -Infinity;
  private readonly parts = new Map<string | number, { part: Part<Row>; row: Row | null; context: unknown }>();
}

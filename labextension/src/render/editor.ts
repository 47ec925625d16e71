/** What all editors of a form have in common, and the one for a value that is written as text. */

import type { TextNode } from '../formData';
import { h, say, set, show } from './dom';
import { plain } from './words';

/** Mistakes by place, such as `items[3].price`; the whole form has none. */
export type Errors = Readonly<Record<string, string>>;

/** Something that can be filled in. */
export interface Editor {
  readonly element: HTMLElement;
  /** What stands in it, as the kernel reads it. */
  value(): unknown;
  /** Show what is wrong here and below; `all` also where nobody has written yet. */
  complain(place: string, errors: Errors, all: boolean): void;
  focus(): void;
}

let editors = 0;

/** Make a name for an element that another one refers to. */
export function nameFor(what: string): string {
  editors += 1;
  return `xpf-${what}-${editors}-${Math.random().toString(36).slice(2, 8)}`;
}

/** A line below a control that says what is wrong with it. */
export class Wrong {
  readonly element = h('p', { class: 'wrong', role: 'alert', id: nameFor('wrong'), hidden: true });

  constructor(private readonly control: HTMLElement) {}

  say(words: string | undefined): void {
    say(this.element, words === undefined ? '' : plain(words, 300));
    show(this.element, words !== undefined);
    set(this.control, {
      'aria-invalid': words === undefined ? null : 'true',
      'aria-describedby': words === undefined ? null : this.element.id
    });
  }
}

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

export class TextEditor implements Editor {
  readonly element: HTMLElement;

  /**
   * @param node - What it is.
   * @param label - What it is called by a screen reader.
   * @param changed - Is told whenever it changes.
   * @param start - What stands in it at first.
   */
  constructor(node: TextNode, label: string, changed: () => void, start = '') {
    this.control = controlOf(node);
    this.control.value = start || (node.choices?.[0] ?? '');
    this.wrong = new Wrong(this.control);
    const words = hint(node);
    set(this.control, { 'aria-label': label });
    this.element = h(
      'div',
      { class: 'control' },
      this.control,
      words ? h('span', { class: 'muted hint' }, words) : null,
      this.wrong.element
    );
    this.control.addEventListener('input', () => {
      this.touched = true;
      this.wrong.say(quickly(node, this.control.value));
      changed();
    });
  }

  value(): unknown {
    return this.control.value;
  }

  complain(place: string, errors: Errors, all: boolean): void {
    this.wrong.say(this.touched || all ? errors[place] : undefined);
  }

  focus(): void {
    this.control.focus();
  }

  private readonly control: Control;
  private readonly wrong: Wrong;
  private touched = false;
}

function controlOf(node: TextNode): Control {
  const plainly = { class: 'field grow', autocomplete: 'off', spellcheck: 'false' };
  if (node.choices) {
    return h('select', { class: 'field' }, ...node.choices.map(each => h('option', { value: each }, plain(each, 60))));
  }
  if (node.kind === 'xml') {
    return h('textarea', { ...plainly, class: 'field grow xml-field', rows: 3 });
  }
  if (node.kind === 'text' && node.type === 'str') {
    return h('textarea', { ...plainly, rows: 1 });
  }
  const mode = { whole: 'numeric', number: 'decimal' }[node.kind as string] ?? null;
  return h('input', { ...plainly, inputmode: mode, placeholder: PLACEHOLDERS[node.type ?? ''] ?? null });
}

const PLACEHOLDERS: Readonly<Record<string, string>> = {
  date: '2030-01-31',
  time: '12:30:00',
  datetime: '2030-01-31T12:30:00',
  timedelta: 'P1DT2H',
  bytes: 'base64',
  UUID: '12345678-1234-…'
};

const BOUNDS: readonly (readonly [keyof TextNode, (bound: string) => string])[] = [
  ['min', bound => `at least ${bound}`],
  ['above', bound => `more than ${bound}`],
  ['max', bound => `at most ${bound}`],
  ['below', bound => `less than ${bound}`],
  ['shortest', bound => `at least ${bound} long`],
  ['longest', bound => `at most ${bound} long`]
];

/** Say in few words what may stand there. */
function hint(node: TextNode): string {
  const bounds = BOUNDS.flatMap(([name, words]) => (node[name] === undefined ? [] : [words(String(node[name]))]));
  const known = node.choices || node.type === 'str' ? '' : (node.type ?? '');
  return plain([node.kind === 'xml' ? 'a payload as XML' : known, ...bounds].filter(Boolean).join(', '), 120);
}

/** Say what is wrong as far as that needs no schema; the kernel, which knows all, says it a moment later. */
export function quickly(node: TextNode, text: string): string | undefined {
  if (node.kind === 'whole' && !/^\s*[+-]?\d+\s*$/.test(text)) {
    return `expected int, got '${text}'`;
  }
  if (node.kind === 'number' && !/^\s*([+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|-?INF|NaN)\s*$/.test(text)) {
    return `expected ${node.type ?? 'a number'}, got '${text}'`;
  }
  return node.kind === 'whole' || node.kind === 'number' ? outside(node, text) : undefined;
}

function outside({ min, max, above, below }: TextNode, text: string): string | undefined {
  const value = Number(text);
  const checks: readonly (readonly [string | undefined, (bound: number) => boolean, string])[] = [
    [min, bound => value >= bound, 'at least'],
    [above, bound => value > bound, 'more than'],
    [max, bound => value <= bound, 'at most'],
    [below, bound => value < bound, 'less than']
  ];
  const broken = checks.find(([bound, holds]) => bound !== undefined && !Number.isNaN(value) && !holds(Number(bound)));
  return broken && `expected ${broken[2]} ${broken[0]}, got ${text.trim()}`;
}

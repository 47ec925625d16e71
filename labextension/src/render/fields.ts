/** Editors for what holds others: the fields of a class, a choice of classes, lists, pairs, and what may be None. */

import type { ClassForm, FieldForm, FormData, FormNode, ManyNode, Mode } from '../formData';
import { button } from './button';
import { h, say, show } from './dom';
import { type Editor, type Errors, nameFor, TextEditor, Wrong } from './editor';
import { plain } from './words';

/** What makes the editors of one form. */
export class Editors {
  /**
   * @param classes - The classes that the form names.
   * @param changed - Is told whenever anything changes.
   */
  constructor(
    private readonly classes: FormData['classes'],
    readonly changed: () => void
  ) {}

  /** Make the editor of a value. */
  node(node: FormNode, label: string, start = ''): Editor {
    switch (node.kind) {
      case 'class':
        return new ClassEditor(this, this.form(node.class), label);
      case 'union':
        return new UnionEditor(this, node.classes, label);
      case 'list':
      case 'dict':
        return new ManyEditor(this, node, label);
      case 'tuple':
        return new TupleEditor(this, node.items, label);
      case 'maybe':
        return new MaybeEditor(this, node.item, label);
      default:
        return new TextEditor(node, label, this.changed, start);
    }
  }

  form(key: string): ClassForm {
    return this.classes[key] ?? { doc: '', fields: [] };
  }
}

const WORDS: Readonly<Record<Mode, string>> = { given: 'given', default: 'default', none: 'None' };

/** One field: how it is there, and its value while it is given; that is made when it is first asked for. */
class FieldRow {
  readonly element: HTMLElement;

  constructor(
    private readonly editors: Editors,
    private readonly field: FieldForm
  ) {
    const id = nameFor('mode');
    this.mode = field.modes[0] ?? 'given';
    const modes = field.modes.map(each => h('option', { value: each }, modeWords(field, each)));
    const name = plain(field.name, 60);
    const choice =
      modes.length > 1 ? h('select', { class: 'field mode', id, 'aria-label': `How ${name} is there` }) : null;
    choice?.append(...modes);
    choice?.addEventListener('change', () => this.choose(choice.value as Mode));
    const label = h('span', { class: 'label' }, h('code', {}, name), field.modes.length === 1 ? null : choice);
    this.element = h('div', { class: 'form-field' }, label, this.body);
    if (field.doc) {
      this.body.append(h('p', { class: 'muted hint' }, plain(field.doc, 300)));
    }
    this.body.append(this.wrong.element);
    this.draw();
  }

  get isThere(): boolean {
    return this.mode !== 'default';
  }

  value(): unknown {
    return this.mode === 'none' ? null : this.editor?.value();
  }

  complain(place: string, errors: Errors, all: boolean): void {
    if (this.editor && this.mode === 'given') {
      this.editor.complain(place, errors, all);
      this.wrong.say(undefined);
    } else {
      this.wrong.say(all ? errors[place] : undefined);
    }
  }

  focus(): void {
    if (this.mode === 'given') {
      this.editor?.focus();
    }
  }

  private choose(mode: Mode): void {
    this.mode = mode;
    this.draw();
    this.focus();
    this.editors.changed();
  }

  private draw(): void {
    if (this.mode === 'given' && this.editor === null) {
      const start = this.field.default ?? '';
      this.editor = this.editors.node(this.field.node, plain(this.field.name, 60), start);
      this.body.prepend(this.editor.element);
    }
    if (this.editor) {
      show(this.editor.element, this.mode === 'given');
    }
  }

  private readonly body = h('div', { class: 'form-body' });
  private readonly wrong = new Wrong(this.body);
  private editor: Editor | null = null;
  private mode: Mode;
}

function modeWords(field: FieldForm, mode: Mode): string {
  const known = mode === 'default' && field.default !== undefined;
  return known ? `default: ${plain(field.default || "''", 30)}` : WORDS[mode];
}

export class ClassEditor implements Editor {
  readonly element: HTMLElement;

  constructor(editors: Editors, form: ClassForm, label: string) {
    this.rows = new Map(form.fields.map(field => [field.name, new FieldRow(editors, field)]));
    this.element = h('div', { class: 'form-class', role: 'group', 'aria-label': label });
    if (form.doc) {
      this.element.append(h('p', { class: 'muted' }, plain(form.doc, 300)));
    }
    this.element.append(...[...this.rows.values()].map(row => row.element), this.wrong.element);
  }

  value(): unknown {
    const there = [...this.rows].filter(([, row]) => row.isThere);
    return Object.fromEntries(there.map(([name, row]) => [name, row.value()]));
  }

  complain(place: string, errors: Errors, all: boolean): void {
    this.wrong.say(all && place !== '' ? errors[place] : undefined);
    for (const [name, row] of this.rows) {
      row.complain(place === '' ? name : `${place}.${name}`, errors, all);
    }
  }

  focus(): void {
    [...this.rows.values()][0]?.focus();
  }

  private readonly rows: ReadonlyMap<string, FieldRow>;
  private readonly wrong = new Wrong(h('span'));
}

class UnionEditor implements Editor {
  readonly element: HTMLElement;

  constructor(
    private readonly editors: Editors,
    classes: readonly string[],
    private readonly label: string
  ) {
    const options = classes.map(key => h('option', { value: key }, plain(key, 60)));
    this.choice = h('select', { class: 'field', 'aria-label': `Class of ${label}` }, ...options);
    this.choice.addEventListener('change', () => {
      this.draw();
      editors.changed();
    });
    this.element = h('div', { class: 'control' }, this.choice, this.inside);
    this.draw();
  }

  value(): unknown {
    return { class: this.choice.value, value: this.editor?.value() };
  }

  complain(place: string, errors: Errors, all: boolean): void {
    this.editor?.complain(place, errors, all);
  }

  focus(): void {
    this.choice.focus();
  }

  private draw(): void {
    this.editor = new ClassEditor(this.editors, this.editors.form(this.choice.value), this.label);
    this.inside.replaceChildren(this.editor.element);
  }

  private readonly choice: HTMLSelectElement;
  private readonly inside = h('div');
  private editor: Editor | null = null;
}

/** One item of a list, or of a dict with its key. */
interface Item {
  readonly row: HTMLElement;
  readonly key: HTMLInputElement | null;
  readonly editor: Editor;
}

class ManyEditor implements Editor {
  readonly element: HTMLElement;

  constructor(
    private readonly editors: Editors,
    private readonly of: ManyNode,
    private readonly label: string
  ) {
    const add = button({
      text: `Add to ${label}`,
      act: () => {
        this.add().editor.focus();
        editors.changed();
      }
    });
    say(add.querySelector('.txt') ?? add, 'Add');
    this.element = h('div', { class: 'control many' }, this.list, add, this.wrong.element);
    for (let at = 0; at < Math.min(of.least ?? 0, 20); at += 1) {
      this.add();
    }
  }

  value(): unknown {
    return this.items.map(({ key, editor }) => (key ? [key.value, editor.value()] : editor.value()));
  }

  complain(place: string, errors: Errors, all: boolean): void {
    this.wrong.say(errors[place]);
    this.items.forEach((item, at) => item.editor.complain(`${place}[${at}]`, errors, all));
  }

  focus(): void {
    const [first] = this.items;
    (first?.key ?? first?.editor)?.focus();
  }

  private add(): Item {
    const name = `${this.label}, item`;
    const editor = this.editors.node(this.of.item, name);
    const key =
      this.of.kind === 'dict'
        ? h('input', {
            class: 'field key',
            'aria-label': `${this.label}, key`,
            placeholder: 'key',
            autocomplete: 'off'
          })
        : null;
    key?.addEventListener('input', () => this.editors.changed());
    const remove = button({ text: 'Remove', look: 'quiet', act: () => this.remove(item) });
    const item: Item = { key, editor, row: h('li', { class: 'item' }, key, editor.element, remove) };
    this.items.push(item);
    this.list.append(item.row);
    return item;
  }

  private remove(item: Item): void {
    this.items.splice(this.items.indexOf(item), 1);
    item.row.remove();
    (this.element.querySelector(':scope > button') as HTMLElement | null)?.focus();
    this.editors.changed();
  }

  private readonly list = h('ol');
  private readonly wrong = new Wrong(h('span'));
  private readonly items: Item[] = [];
}

class TupleEditor implements Editor {
  readonly element: HTMLElement;

  constructor(editors: Editors, nodes: readonly FormNode[], label: string) {
    this.items = nodes.map((node, at) => editors.node(node, `${label}, item ${at + 1}`));
    this.element = h('div', { class: 'control' }, ...this.items.map(item => item.element));
  }

  value(): unknown {
    return this.items.map(item => item.value());
  }

  complain(place: string, errors: Errors, all: boolean): void {
    this.items.forEach((item, at) => item.complain(`${place}[${at}]`, errors, all));
  }

  focus(): void {
    this.items[0]?.focus();
  }

  private readonly items: readonly Editor[];
}

class MaybeEditor implements Editor {
  readonly element: HTMLElement;

  constructor(editors: Editors, node: FormNode, label: string) {
    this.editor = editors.node(node, label);
    this.none = h('input', { type: 'checkbox', id: nameFor('none') });
    this.none.addEventListener('change', () => {
      show(this.editor.element, !this.none.checked);
      editors.changed();
    });
    this.element = h('div', { class: 'control' }, this.editor.element);
    this.element.append(h('label', { class: 'muted hint', for: this.none.id }, this.none, ' None'));
  }

  value(): unknown {
    return this.none.checked ? null : this.editor.value();
  }

  complain(place: string, errors: Errors, all: boolean): void {
    this.editor.complain(place, errors, all);
  }

  focus(): void {
    this.editor.focus();
  }

  private readonly editor: Editor;
  private readonly none: HTMLInputElement;
}

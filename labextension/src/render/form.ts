/** The form of a listener's payload: filled in, checked as it is written, sent, and written down as a cell. */

import type { FormData } from '../formData';
import { button, copying, enable } from './button';
import { h, say, set, show } from './dom';
import { type Errors, nameFor } from './editor';
import { ClassEditor, Editors } from './fields';
import { type Glyph, type Hue, State } from './glyphs';
import { listens, wish } from './host';
import { block, count, plain } from './words';

/** What the kernel says of what was filled in. */
export interface Checked {
  readonly errors: Errors;
}

/** What became of what was sent: its mistakes, or its number, and the cell that would have done the same. */
export interface Sent extends Checked {
  readonly sent?: string;
  readonly cell?: string;
  readonly done?: Promise<End>;
}

/** What a conversation came to. */
export interface End {
  readonly state: string;
  readonly text: string;
}

/** What a form asks of the kernel. */
export interface FormActions {
  check(root: string, values: unknown): Promise<Checked>;
  send(root: string, values: unknown): Promise<Sent>;
}

export interface Form {
  /** Nothing answers any more. */
  lose(words: string): void;
  dispose(): void;
}

/** For how long somebody has to stop writing before the kernel is asked. */
const PAUSE_MS = 300;
const ENDS: Readonly<Record<string, readonly [Glyph, Hue, string]>> = {
  done: ['done', 'idle', 'done'],
  failed: ['error', 'fault', 'failed'],
  waiting: ['you', 'attention', 'waits for you']
};

/** Draw a form into an element. */
export function drawForm(root: HTMLElement, data: FormData, actions: FormActions): Form {
  return new PayloadForm(root, data, actions);
}

class PayloadForm implements Form {
  constructor(
    root: HTMLElement,
    private readonly data: FormData,
    private readonly actions: FormActions
  ) {
    const { listener, organism, roots } = data;
    this.root = roots[0] ?? '';
    const title = h('h3', {}, `${plain(listener, 60)} `, h('span', { class: 'muted' }, `in ${plain(organism, 60)}`));
    const head = h('div', { class: 'head' }, title, this.choice());
    this.send = button({ text: 'Send', look: 'primary', act: () => void this.sendIt(), title: 'Send (Ctrl Enter)' });
    const foot = h('div', { class: 'row acts' }, this.send, this.state.element, this.wrong);
    set(this.state.element, { role: 'status' });
    this.box.append(head, h('div', { class: 'form-main' }, this.place, foot, this.result));
    set(this.box, { role: 'form', 'aria-label': `Payload for ${plain(listener, 60)}` });
    this.box.addEventListener('keydown', event => this.pressed(event));
    this.draw();
    root.append(this.box);
  }

  lose(words: string): void {
    enable(this.send, false);
    this.state.update('dead', 'idle', words);
    this.lost = true;
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.box.remove();
  }

  /** Where a listener takes several classes, which one it is. */
  private choice(): HTMLElement {
    const { roots } = this.data;
    if (roots.length < 2) {
      return h('code', {}, plain(this.root, 60));
    }
    const options = roots.map(key => h('option', { value: key }, plain(key, 60)));
    const select = h('select', { class: 'field', 'aria-label': 'Payload class' }, ...options);
    select.addEventListener('change', () => {
      this.root = select.value;
      this.draw();
    });
    return select;
  }

  private draw(): void {
    const editors = new Editors(this.data.classes, () => this.changed());
    this.editor = new ClassEditor(editors, editors.form(this.root), plain(this.root, 60));
    this.place.replaceChildren(this.editor.element);
    this.complain({}, false);
  }

  /** Have it checked once nothing was written for a moment; only what was written last counts. */
  private changed(): void {
    clearTimeout(this.timer);
    this.turn += 1;
    const { turn } = this;
    this.timer = setTimeout(() => {
      void this.actions.check(this.root, this.editor?.value()).then(({ errors }) => {
        if (turn === this.turn) {
          this.complain(errors, false);
        }
      });
    }, PAUSE_MS);
  }

  private async sendIt(): Promise<void> {
    if (this.lost) {
      return;
    }
    clearTimeout(this.timer);
    this.turn += 1;
    enable(this.send, false);
    const answer = await this.actions.send(this.root, this.editor?.value());
    enable(this.send, !this.lost);
    this.complain(answer.errors, true);
    if (answer.sent !== undefined) {
      this.tell(answer.sent, answer.cell ?? '', answer.done);
    }
  }

  private complain(errors: Errors, all: boolean): void {
    this.editor?.complain('', errors, all);
    const words = errors[''] ?? (all ? summary(errors) : undefined);
    say(this.wrong, words === undefined ? '' : plain(words, 300));
    show(this.wrong, words !== undefined);
    if (all) {
      this.box.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
    }
  }

  /** Say what was sent, write the cell that does the same, and what came of it once it is known. */
  private tell(number: string, cell: string, done: Promise<End> | undefined): void {
    const told = h('div', { class: 'told', id: nameFor('told') });
    this.result.replaceChildren(told);
    show(this.result, true);
    if (listens(this.box)) {
      wish(this.box, { insert: cell });
    } else {
      const copy = copying({ text: 'Copy as a cell', title: 'The same as %%inject' }, () => cell);
      told.append(h('pre', { class: 'xml', tabindex: 0 }, block(cell)), h('div', { class: 'row' }, copy));
    }
    this.state.update('processing', 'running', `sent as ${plain(number, 20)}`);
    void done?.then(({ state, text }) => {
      if (told.isConnected) {
        const [mark, hue, word] = ENDS[state] ?? ['done', 'idle', state];
        this.state.update(mark, hue, `${plain(number, 20)} ${plain(word, 20)}`);
        told.prepend(h('pre', {}, block(text)));
      }
    });
  }

  private pressed(event: KeyboardEvent): void {
    event.stopPropagation();
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      void this.sendIt();
    }
  }

  private readonly box = h('div', { class: 'xp-view xp-form', 'data-lm-suppress-shortcuts': 'true' });
  private readonly place = h('div');
  private readonly state = new State('dense');
  private readonly wrong = h('p', { class: 'wrong', role: 'alert', hidden: true });
  private readonly result = h('div', { class: 'result', hidden: true });
  private readonly send: HTMLButtonElement;
  private root: string;
  private editor: ClassEditor | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private turn = 0;
  private lost = false;
}

function summary(errors: Errors): string | undefined {
  const places = Object.keys(errors).length;
  return places ? `${count(places)} to put right. Nothing was sent.` : undefined;
}

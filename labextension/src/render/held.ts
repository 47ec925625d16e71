/** The line about a message that is held before its handler: let it go, change it, or drop it. */

import type { HeldRow } from '../protocol';
import { button } from './button';
import type { Desk, Panel } from './desk';
import { h, say, set, show } from './dom';
import { count, plain, size } from './words';

/** What waits longest, while somebody can do something about it. */
export function firstHeld(desk: Desk): HeldRow | undefined {
  const { live, lost, organism } = desk.snapshot;
  return live && lost === undefined ? organism.held?.[0] : undefined;
}

export class HeldLine implements Panel {
  readonly element = h('div', { class: 'notice attention held', hidden: true });

  constructor(private readonly desk: Desk) {
    const { actions } = desk;
    this.element.append(this.text);
    if (actions) {
      const go = button({ text: 'Continue', look: 'primary', act: () => this.decide(key => actions.release(key)) });
      const edit = button({ text: 'Edit…', act: () => void this.startEdit() });
      const drop = button({ text: 'Drop', look: 'danger', act: () => this.decide(key => actions.drop(key)) });
      this.choices.append(go, edit, drop);
      const send = button({ text: 'Continue with this', look: 'primary', act: () => this.sendEdited() });
      const cancel = button({ text: 'Leave as it was', act: () => this.endEdit() });
      this.editor.append(this.field, h('div', { class: 'row' }, send, cancel));
      this.element.append(this.choices, this.editor);
      this.field.addEventListener('keydown', event => this.pressed(event));
    }
    this.element.append(this.error);
  }

  update(): void {
    const held = firstHeld(this.desk);
    show(this.element, held !== undefined);
    if (held?.key !== this.row?.key) {
      this.endEdit();
    }
    this.row = held;
    if (held === undefined) {
      return;
    }
    const name = (text: string) => plain(text, 60);
    const said = `${held.key} ${held.bytes} ${this.desk.snapshot.organism.holding}`;
    if (said !== this.said) {
      this.said = said;
      const more = (this.desk.snapshot.organism.holding ?? 1) - 1;
      this.text.replaceChildren(
        `${name(held.from)} → ${name(held.to)}, `,
        h('code', {}, name(held.type)),
        `, ${size(held.bytes)} is held before its handler.`,
        ...(more > 0 ? [h('span', { class: 'muted' }, ` ${count(more)} more`)] : [])
      );
      set(this.element, { role: 'group', 'aria-label': `Held: ${name(held.type)} for ${name(held.to)}` });
    }
  }

  /** Ask for what was decided; while it is not held any more, there is nothing to say. */
  private decide(act: (key: number) => Promise<{ readonly error?: string }>): void {
    const { row } = this;
    if (row) {
      void act(row.key).then(({ error }) => this.complain(row, error));
    }
  }

  private async startEdit(): Promise<void> {
    const { row } = this;
    const outcome = row && (await this.desk.actions?.held(row.key));
    if (!row || row.key !== this.row?.key || !outcome) {
      return;
    }
    this.complain(row, outcome.error);
    if (outcome.text !== undefined) {
      this.field.value = outcome.text;
      set(this.field, { rows: Math.min(12, outcome.text.split('\n').length + 1) });
      set(this.field, { 'aria-label': `${plain(row.type, 60)} as XML` });
      show(this.editor, true);
      show(this.choices, false);
      this.field.focus();
    }
  }

  private sendEdited(): void {
    this.decide(key => this.desk.actions?.edit(key, this.field.value) ?? Promise.resolve({}));
  }

  private endEdit(): void {
    const inside = this.editor.contains(document.activeElement);
    show(this.editor, false);
    show(this.choices, true);
    this.complain(this.row, undefined);
    if (inside && this.row) {
      (this.choices.firstElementChild as HTMLElement | null)?.focus();
    }
  }

  private complain(row: HeldRow | undefined, error: string | undefined): void {
    if (row === this.row || row?.key === this.row?.key) {
      say(this.error, error === undefined ? '' : plain(error, 300));
      show(this.error, error !== undefined);
    }
  }

  private pressed(event: KeyboardEvent): void {
    if (event.key === 'Escape') {
      event.preventDefault();
      this.endEdit();
    } else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.sendEdited();
    }
  }

  private readonly text = h('span');
  private readonly choices = h('span', { class: 'row acts' });
  private readonly editor = h('div', { class: 'editor', hidden: true });
  private readonly field = h('textarea', { class: 'field', spellcheck: 'false', autocapitalize: 'off' });
  private readonly error = h('p', { class: 'wrong', role: 'alert', hidden: true });
  private row: HeldRow | undefined;
  private said = '';
}

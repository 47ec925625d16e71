/** The row in which a budget is raised: a new limit, proposed, and the end of the conversation as the other way out. */

import { asking, button } from './button';
import { proposed, readCount, type Standing } from './accounts';
import type { Actions } from './desk';
import { h, say, set, show } from './dom';
import { count } from './words';

export class RaiseRow {
  readonly element = h('div', { class: 'raise', role: 'group', hidden: true });

  /**
   * @param key - The number of the conversation.
   * @param id - Makes names on the page that nobody else has.
   * @param actions - What a person can do.
   * @param closed - Is told when it closes by itself, to give the focus back.
   */
  constructor(
    private readonly key: number,
    id: string,
    private readonly actions: Actions,
    private readonly closed: () => void
  ) {
    set(this.field, { id });
    const label = h('label', { for: id }, 'New limit');
    this.go = button({ text: 'Raise', look: 'primary', act: () => this.raise() });
    this.end = asking({ text: `End #${key}`, look: 'danger', act: () => actions.end(key) }, () => `End #${key}?`);
    this.element.append(label, this.field, this.hint, h('span', { class: 'gap' }), this.go, this.end, this.error);
    this.element.addEventListener('keydown', event => this.pressed(event));
  }

  /** Bring it up to date; what waits for a higher limit opens it, once. */
  update(standing: Standing): void {
    const { key, question } = standing;
    this.standing = standing;
    this.follow(question?.key ?? null);
    set(this.element, { 'aria-label': question ? `#${key} is over budget` : `Raise the budget of #${key}` });
    const word = question ? 'Raise and go on' : 'Raise';
    say(this.go.lastElementChild ?? this.go, word);
    set(this.go, { 'aria-label': word });
    say(this.hint, question?.needs ? `tokens, at least ${count(question.needs)}` : 'tokens');
    show(this.end, question !== undefined);
  }

  /** Open with a new question, and close when it is answered. */
  private follow(asked: number | null): void {
    if (asked !== this.asked) {
      this.asked = asked;
      if (asked === null) {
        this.close();
      } else {
        this.open();
      }
    }
  }

  get isOpen(): boolean {
    return !this.element.hidden;
  }

  open(): void {
    if (!this.isOpen && this.standing) {
      this.field.value = count(proposed(this.standing));
      this.complain('');
    }
    show(this.element, true);
  }

  close(): void {
    show(this.element, false);
  }

  focus(): void {
    this.open();
    this.field.focus();
    this.field.select();
  }

  private pressed(event: KeyboardEvent): void {
    if (event.key === 'Enter' && event.target === this.field) {
      event.preventDefault();
      this.raise();
    } else if (event.key === 'Escape') {
      event.stopPropagation();
      this.close();
      this.closed();
    }
  }

  private raise(): void {
    const tokens = readCount(this.field.value);
    if (tokens === null) {
      this.complain(`Expected a number of tokens, found “${this.field.value.slice(0, 40)}”.`);
      return;
    }
    this.complain('');
    void this.actions.raise(this.key, tokens).then(({ error }) => {
      this.complain(error ?? '');
      if (error === undefined && !this.standing?.question) {
        this.close();
        this.closed();
      }
    });
  }

  private complain(words: string): void {
    say(this.error, words);
    show(this.error, words !== '');
    set(this.field, { 'aria-invalid': words ? 'true' : null });
  }

  private readonly field = h('input', { class: 'field num', size: 10, inputmode: 'numeric', autocomplete: 'off' });
  private readonly hint = h('span', { class: 'muted' });
  private readonly error = h('p', { class: 'wrong', role: 'alert', hidden: true });
  private readonly go: HTMLButtonElement;
  private readonly end: HTMLButtonElement;
  private standing: Standing | null = null;
  /** The question that has opened it. */
  private asked: number | null = null;
}

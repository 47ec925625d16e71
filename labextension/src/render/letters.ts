/** A dead letter in the hands of a person: its text is edited, checked against its schema and sent again, or put aside. */

import type { MessageDetail, MessageRow } from '../protocol';
import { button } from './button';
import type { Desk } from './desk';
import { h, say, set, show } from './dom';

/** What the kernel puts after a text that it has cut. */
const CUT = /… \([\d,]+ characters\)$/;

export class Letter {
  /** The buttons, where the message's own stand. */
  readonly buttons = h('span', { class: 'row' });
  /** The text while it is edited, in place of the one that is shown. */
  readonly element = h('div', { class: 'editor', hidden: true });

  /**
   * @param desk - What is shown, and what a person can do.
   * @param edits - Is told when editing begins and when it ends.
   */
  constructor(
    private readonly desk: Desk,
    private readonly edits: (editing: boolean) => void
  ) {
    this.edit = button({ text: 'Edit and resend', look: 'primary', act: () => this.begin() });
    this.send = button({ text: 'Resend', look: 'primary', act: () => this.resend() });
    this.cancel = button({ text: 'Cancel', look: 'quiet', act: () => this.end() });
    this.dismiss = button({ text: 'Dismiss', look: 'quiet', act: () => this.putAside() });
    this.buttons.append(this.edit, this.send, this.cancel, this.dismiss);
    this.element.append(this.area, this.error);
    this.element.addEventListener('keydown', event => {
      if (event.key === 'Escape') {
        event.stopPropagation();
        this.end();
      }
    });
  }

  /** Bring it up to date; another message ends the editing of the one before. */
  update(row: MessageRow, detail: MessageDetail | undefined): void {
    if (this.key !== row.key || !row.letter) {
      this.key = row.key;
      this.complain('');
      this.stop();
    }
    this.text = rawOf(detail);
    show(this.buttons, this.desk.isAble && row.letter === true);
    this.offer();
  }

  /** Show the buttons that make sense; a text that is not here in full is sent again as it was. */
  private offer(): void {
    const editing = !this.element.hidden;
    const editable = this.text !== '' && !CUT.test(this.text);
    show(this.edit, !editing && editable);
    show(this.send, editing || !editable);
    show(this.cancel, editing);
    show(this.dismiss, !editing);
  }

  private begin(): void {
    this.area.value = this.text;
    set(this.area, { rows: Math.min(20, Math.max(4, this.text.split('\n').length + 1)) });
    this.complain('');
    show(this.element, true);
    this.offer();
    this.edits(true);
    this.area.focus();
  }

  private end(): void {
    this.stop();
    this.edit.focus();
  }

  private stop(): void {
    if (!this.element.hidden) {
      show(this.element, false);
      this.offer();
      this.edits(false);
    }
  }

  private resend(): void {
    const { key } = this;
    const text = this.element.hidden ? null : this.area.value;
    void this.desk.actions?.resend(key, text).then(({ error, mark }) => {
      if (key !== this.key) {
        return;
      }
      if (error === undefined) {
        this.stop();
        return;
      }
      this.complain(`${error.replace(/\.?$/, '.')} Nothing was sent.`);
      if (text !== null) {
        this.area.focus();
        if (mark) {
          this.area.setSelectionRange(...mark);
        }
      }
    });
  }

  private putAside(): void {
    void this.desk.actions?.dismiss(this.key).then(({ error }) => this.complain(error ?? ''));
  }

  private complain(words: string): void {
    say(this.error, words);
    show(this.error, words !== '');
    set(this.area, { 'aria-invalid': words ? 'true' : null });
  }

  private readonly area = h('textarea', {
    class: 'field xml',
    spellcheck: 'false',
    'aria-label': 'The message to send instead'
  });
  private readonly error = h('p', { class: 'wrong', role: 'alert', hidden: true });
  private readonly edit: HTMLButtonElement;
  private readonly send: HTMLButtonElement;
  private readonly cancel: HTMLButtonElement;
  private readonly dismiss: HTMLButtonElement;
  private key = 0;
  private text = '';
}

/** The text as it came. */
function rawOf(detail: MessageDetail | undefined): string {
  return detail?.stages.find(stage => stage.name === 'raw')?.text ?? '';
}

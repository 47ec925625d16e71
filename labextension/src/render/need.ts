/** `2 need you`: how many questions wait for the person, and the way to the next one. */

import { button } from './button';
import type { Desk } from './desk';
import { h, say, set, show } from './dom';
import { glyph } from './glyphs';
import { count } from './words';

export class NeedYou {
  readonly element: HTMLButtonElement;

  constructor(private readonly desk: Desk) {
    this.element = button({ text: '', look: 'quiet need', act: () => this.next(), title: 'Next one (n)' });
    const word = this.element.querySelector('.txt');
    if (word) {
      set(word, { class: 'st attention' });
      word.prepend(glyph('you'));
      word.append(this.word);
    }
  }

  update(): void {
    const { questions, live, lost } = this.desk.snapshot;
    const total = live && lost === undefined ? questions.total : 0;
    const words = total === 1 ? '1 needs you' : `${count(total)} need you`;
    show(this.element, total > 0);
    say(this.word, words);
    set(this.element, { 'aria-label': words });
  }

  /** Go to the next question: where a budget is raised, or to the frame that asks. */
  next(): void {
    const { questions } = this.desk.snapshot.questions;
    const question = questions.find(row => row.key > this.last) ?? questions[0];
    if (question === undefined) {
      return;
    }
    this.last = question.key;
    this.element.focus(); // from a tab the focus would stay there
    this.desk.select({ conversation: question.conversation, frame: question.frame || null });
    this.desk.open(question.kind === 'budget' ? 'budgets' : 'threads');
  }

  private readonly word = h('span', { class: 'word' });
  /** The question that was gone to last. */
  private last = 0;
}

/** What a handler asks a person, and the field in which the person answers; it stands with the conversation's frames. */

import type { QuestionRow } from '../protocol';
import { button } from './button';
import type { Desk } from './desk';
import { h, say, set, show } from './dom';
import { State } from './glyphs';
import { block, plain, plural } from './words';

/** Kinds of questions that are answered elsewhere, and no text answers. */
const NOT_IN_WORDS: ReadonlySet<string> = new Set(['budget', 'breakpoint']);

/** Give the questions of a conversation, oldest first. */
export function questionsOf(desk: Desk, conversation: number): readonly QuestionRow[] {
  return desk.snapshot.questions.questions.filter(row => row.conversation === conversation);
}

export class ReplyRow {
  readonly element = h('div', { class: 'raise ask', role: 'group', hidden: true });

  constructor(private readonly desk: Desk) {
    const send = button({ text: 'Reply', look: 'primary', act: () => this.send() });
    this.answer.append(this.field, send, this.error);
    this.element.append(this.who.element, this.text, this.more, this.answer);
    this.field.addEventListener('keydown', event => {
      if (event.key === 'Enter') {
        event.preventDefault();
        this.send();
      }
    });
  }

  /** Show the oldest question of a conversation, if it has one; a budget is raised in its own tab. */
  update(conversation: number): void {
    const [question, ...others] = questionsOf(this.desk, conversation);
    show(this.element, question !== undefined);
    if (question === undefined) {
      this.question = null;
      return;
    }
    if (this.question?.key !== question.key) {
      this.field.value = '';
      this.complain('');
    }
    this.question = question;
    const name = plain(question.name, 60);
    this.who.update('you', 'attention', `${name} asks you`);
    say(this.text, `“${block(question.text, 300)}”`);
    say(this.more, others.length ? `and ${plural(others.length, 'more', 'more')}` : '');
    set(this.element, { 'aria-label': `${name} asks you` });
    show(this.field, !NOT_IN_WORDS.has(question.kind));
    show(this.answer, this.desk.isAble && question.kind !== 'breakpoint');
  }

  /** Whether the question that is shown comes from this frame, and is answered here. */
  asksFor(frame: number | null): boolean {
    const { question } = this;
    return question !== null && !NOT_IN_WORDS.has(question.kind) && question.frame === frame;
  }

  focus(): void {
    if (this.question?.kind === 'budget') {
      this.desk.open('budgets');
    } else {
      this.field.focus();
    }
  }

  private send(): void {
    const { question } = this;
    if (question?.kind === 'budget') {
      this.focus();
    } else if (question && this.field.value.trim() === '') {
      this.complain('Write an answer first: yes, no, or a text.');
      this.field.focus();
    } else if (question) {
      this.complain('');
      void this.desk.actions?.answer(question.key, this.field.value).then(({ error }) => this.complain(error ?? ''));
    }
  }

  private complain(words: string): void {
    say(this.error, words);
    show(this.error, words !== '');
  }

  private readonly who = new State();
  private readonly text = h('span', { class: 'said' });
  private readonly more = h('span', { class: 'muted' });
  private readonly answer = h('span', { class: 'answer' });
  private readonly field = h('input', {
    class: 'field grow',
    autocomplete: 'off',
    placeholder: 'yes, no, or a text',
    'aria-label': 'Your answer'
  });
  private readonly error = h('p', { class: 'wrong', role: 'alert', hidden: true });
  private question: QuestionRow | null = null;
}

/** One message: its passage through the stages, why it was changed or refused, and its XML at the stage chosen. */

import type { MessageDetail, MessageRow, StageDetail } from '../protocol';
import { button, copying } from './button';
import type { Desk, Panel } from './desk';
import { h, say, show } from './dom';
import { markOf, stateWord } from './fate';
import { glyph, type Glyph, State } from './glyphs';
import { inOrder, Roving } from './keyboard';
import { Letter } from './letters';
import { block, plain } from './words';
import { xml } from './xml';

const GLYPHS: Readonly<Record<string, Glyph>> = { passed: 'done', changed: 'repair', refused: 'error', never: 'idle' };

export class Passage implements Panel {
  readonly element = h('div', { class: 'sub passage', hidden: true });

  /**
   * @param desk - What is shown.
   * @param close - Closes it and gives the focus back.
   */
  constructor(
    private readonly desk: Desk,
    close: () => void
  ) {
    const shut = button({
      text: 'Close details',
      glyph: 'error',
      look: 'quiet icon',
      act: close,
      title: 'Close (Esc)'
    });
    const head = h(
      'div',
      { class: 'row' },
      this.name,
      this.about,
      h('span', { class: 'gap' }),
      this.state.element,
      shut
    );
    const copy = copying({ text: 'Copy XML', look: 'quiet flush' }, () => this.shown);
    this.frame = button({ text: 'Show frame', look: 'quiet', act: () => this.showFrame() });
    this.letter = new Letter(desk, editing => show(this.text, !editing));
    const foot = h('div', { class: 'row foot' }, this.letter.buttons, copy, this.frame);
    this.element.append(head, this.stages, this.why, this.text, this.letter.element, foot);
    this.roving = new Roving(this.stages, 'button', inOrder(this.stages, 'button', 'ArrowLeft', 'ArrowRight'));
  }

  update(): void {
    const { selection, snapshot } = this.desk;
    const row = snapshot.messages.rows.find(each => each.key === selection.message);
    show(this.element, row !== undefined);
    if (row === undefined) {
      this.detail = undefined;
      return;
    }
    this.drawHead(row);
    const detail = snapshot.details?.messages?.[String(row.key)];
    if (this.message !== row.key) {
      this.message = row.key;
      this.chosen = null;
    }
    this.take(row, detail);
    this.letter.update(row, detail);
  }

  private take(row: MessageRow, detail: MessageDetail | undefined): void {
    const before = `${row.key} ${row.state}`;
    if (detail === undefined || before !== this.before) {
      this.desk.want('messages', String(row.key));
    }
    if (detail !== this.detail || before !== this.before) {
      this.detail = detail;
      this.before = before;
      this.draw(detail, this.chosen ?? this.stageOf(detail));
    }
  }

  private drawHead(row: MessageRow): void {
    const where = row.conversation ? `, in #${row.conversation}` : '';
    say(this.name, plain(row.type, 60) || 'Message');
    say(this.about, `${plain(row.from, 60)} → ${plain(row.to, 60) || '?'}${where}`);
    this.state.update(...markOf(row), stateWord(row));
    show(this.frame, this.frameOf(row) !== null);
  }

  /** The stage that changed or refused it is selected first, else the last one. */
  private stageOf(detail: MessageDetail | undefined): string {
    const special =
      detail?.stages.find(stage => stage.state === 'refused') ??
      detail?.stages.find(stage => stage.state === 'changed');
    return special?.name ?? 'payload';
  }

  private draw(detail: MessageDetail | undefined, chosen: string): void {
    const { stages, why } = detail ?? { stages: [], why: this.missing() };
    this.drawStages(stages, chosen);
    say(this.why, block(why, 600));
    show(this.why, why !== '');
    this.drawText(stages.find(each => each.name === chosen));
  }

  private drawStages(stages: readonly StageDetail[], chosen: string): void {
    const focused = this.stages.contains(document.activeElement);
    this.stages.replaceChildren(...stages.map(stage => this.stage(stage, chosen)));
    const current = this.stages.querySelector<HTMLElement>('[aria-current] button');
    this.roving.update(current);
    if (focused) {
      current?.focus();
    }
  }

  private drawText(stage: StageDetail | undefined): void {
    this.shown = stage?.text ?? '';
    if (stage && this.shown) {
      this.text.replaceChildren(xml(this.shown, stage.marks, stage.state === 'refused' ? 'bad' : 'ch'));
    } else {
      this.text.replaceChildren(...(stage?.state === 'never' ? [this.never()] : []));
    }
  }

  private never(): HTMLElement {
    return h('p', { class: 'dense muted' }, 'The message did not come this far.');
  }

  private missing(): string {
    return this.desk.actions ? 'Waiting for the kernel' : 'Its XML was not kept in this file.';
  }

  private stage(stage: StageDetail, chosen: string): HTMLElement {
    const inner = h('button', { type: 'button' }, glyph(GLYPHS[stage.state] ?? 'idle'), stage.name);
    const look = stage.state === 'refused' ? 'fault' : stage.state;
    inner.addEventListener('click', () => {
      this.chosen = stage.name;
      this.draw(this.detail, stage.name);
      this.stages.querySelector<HTMLElement>('[aria-current] button')?.focus();
    });
    return h('li', { class: look, 'aria-current': stage.name === chosen ? 'step' : null }, inner);
  }

  private frameOf(row: MessageRow): number | null {
    const { frames } = this.desk.snapshot.threads;
    const key = row.frame || row.origin;
    return frames.some(frame => frame.key === key) ? key : null;
  }

  private showFrame(): void {
    const row = this.desk.snapshot.messages.rows.find(each => each.key === this.desk.selection.message);
    if (row) {
      this.desk.select({ conversation: row.conversation, frame: this.frameOf(row) });
      this.desk.open('threads');
    }
  }

  private readonly name = h('h3');
  private readonly about = h('span', { class: 'dense muted' });
  private readonly state = new State('dense');
  private readonly stages = h('ol', { class: 'steps', 'aria-label': 'Passage through the stages' });
  private readonly why = h('p', { class: 'why' });
  private readonly text = h('div');
  private readonly frame: HTMLButtonElement;
  private readonly letter: Letter;
  private readonly roving: Roving;
  private detail: MessageDetail | undefined;
  private before = '';
  private message = -1;
  /** The stage that a person has chosen for this message. */
  private chosen: string | null = null;
  private shown = '';
}

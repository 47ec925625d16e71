/** The Threads tab: conversations above; below, the frames of the selected one and the sequence of one frame. */

import type { ConversationRow, FrameRow } from '../protocol';
import { asking, button } from './button';
import { conversationTable } from './conversations';
import type { Desk, Panel } from './desk';
import { h, say, set, show } from './dom';
import { Sequence } from './sequence';
import type { Table } from './table';
import { plural } from './words';
import { Waterfall } from './waterfall';

export class ThreadsPanel implements Panel {
  readonly element = h('div');

  constructor(private readonly desk: Desk) {
    this.table = conversationTable(desk, row => desk.select({ conversation: row.key, frame: null }));
    this.waterfall = new Waterfall(desk);
    this.sequence = new Sequence(desk);
    this.pruned = button({ text: 'Pruned', act: () => this.togglePruned(), title: 'Hide pruned frames' });
    set(this.pruned, { 'aria-pressed': 'true' });
    this.head.append(this.name, this.about, h('span', { class: 'gap' }), this.pruned);
    const { actions } = desk;
    if (actions) {
      this.end = asking(
        { text: 'End', look: 'danger', act: () => actions.end(this.current()?.key ?? 0) },
        () => `End #${this.current()?.key ?? 0}?`
      );
      this.head.append(this.end);
    }
    this.left.append(this.head, this.waterfall.element, this.missing);
    this.split.append(this.left, this.sequence.element);
    const list = h('div', { class: 'rows' }, this.table.element);
    this.element.append(list, this.earlier, this.blank, this.split);
  }

  update(): void {
    const { threads, live } = this.desk.snapshot;
    const rows = [...threads.conversations].reverse();
    const current = this.current();
    const moving = live && rows.some(row => row.ended === null);
    this.table.update(rows, current?.key ?? null, moving ? this.desk.now : null);
    show(this.table.element, rows.length > 0);
    show(this.blank, rows.length === 0);
    show(this.split, current !== null);
    const lost = threads.total - rows.length;
    show(this.earlier, lost > 0);
    say(this.earlier, `${plural(lost, 'earlier conversation')} ${lost === 1 ? 'is' : 'are'} not shown.`);
    if (current) {
      this.drawConversation(current);
    }
  }

  /** Put the focus on the frame that is selected, or on its conversation. */
  focus(): void {
    const { frame } = this.desk.selection;
    if (frame !== null) {
      this.waterfall.focus(frame);
    } else {
      this.table.row(this.current()?.key ?? 0)?.focus();
    }
  }

  private drawConversation(row: ConversationRow): void {
    const frames = this.desk.snapshot.threads.frames.filter(frame => frame.conversation === row.key);
    const pruned = frames.filter(frame => frame.state === 'done');
    const shown = this.showsPruned ? frames : frames.filter(frame => frame.state !== 'done');
    say(this.name, `#${row.key}`);
    say(this.about, `${plural(row.frames, 'frame')}, ${row.open} open`);
    say(this.pruned.lastElementChild ?? this.pruned, `Pruned ${pruned.length}`);
    set(this.pruned, { 'aria-label': `Pruned frames, ${pruned.length}` });
    if (this.end) {
      show(this.end, row.ended === null);
    }
    this.waterfall.update(row, shown);
    show(this.missing, frames.length < row.frames);
    say(this.missing, `${plural(row.frames - frames.length, 'frame')} not kept here.`);
    this.sequence.update(this.chosenFrame(frames));
  }

  private current(): ConversationRow | null {
    const { conversations } = this.desk.snapshot.threads;
    const { conversation } = this.desk.selection;
    return conversations.find(row => row.key === conversation) ?? conversations[conversations.length - 1] ?? null;
  }

  /** The selected frame; else the one that is at work, else the last. */
  private chosenFrame(frames: readonly FrameRow[]): FrameRow | null {
    const { frame } = this.desk.selection;
    const open = [...frames].reverse();
    const busy =
      open.find(each => each.state === 'waiting' && each.depth > 0 && each.spans.length > 0) ??
      open.find(each => each.state === 'processing');
    return (
      frames.find(each => each.key === frame) ?? busy ?? open.find(each => each.state === 'error') ?? frames[0] ?? null
    );
  }

  private togglePruned(): void {
    this.showsPruned = !this.showsPruned;
    set(this.pruned, { 'aria-pressed': String(this.showsPruned) });
    this.desk.redraw();
  }

  private readonly table: Table<ConversationRow>;
  private readonly waterfall: Waterfall;
  private readonly sequence: Sequence;
  private readonly split = h('div', { class: 'sub split' });
  private readonly left = h('div');
  private readonly head = h('div', { class: 'head' });
  private readonly name = h('h3');
  private readonly about = h('span', { class: 'dense muted' });
  private readonly missing = h('p', { class: 'blank', hidden: true });
  private readonly earlier = h('p', { class: 'blank', hidden: true });
  private readonly blank = h('p', { class: 'blank' }, 'No conversations yet. Begin one: ', h('code', {}, '%inject'));
  private readonly pruned: HTMLButtonElement;
  private readonly end: HTMLButtonElement | null = null;
  private showsPruned = true;
}

/** The Threads tab: conversations above; below, the frames of the selected one and the sequence of one frame. */

import type { ConversationRow, FrameRow } from '../protocol';
import { asking, button } from './button';
import { conversationTable } from './conversations';
import type { Actions, Desk, Panel } from './desk';
import { h, say, set, show } from './dom';
import { Sized } from './height';
import { ReplyRow } from './reply';
import { Sequence } from './sequence';
import type { Table } from './table';
import { count, plural } from './words';
import { Waterfall } from './waterfall';

/** As many pixels as four conversations and eight frames take; more where the parts stand below each other. */
const [TALL, TALLER] = [364, 520];

export class ThreadsPanel implements Panel {
  readonly element = h('div');

  /**
   * @param desk - What is shown.
   * @param replay - Lets a conversation run once more.
   */
  constructor(
    private readonly desk: Desk,
    replay: (conversation: number) => void
  ) {
    this.table = conversationTable(desk, row => desk.select({ conversation: row.key, frame: null }));
    this.waterfall = new Waterfall(desk, () => this.reply.focus());
    this.reply = new ReplyRow(desk);
    this.replay = button({ text: 'Replay', glyph: 'play', act: () => replay(this.current()?.key ?? 0) });
    this.replay.title = 'See it once more, at 1, 4 or 16 times its speed';
    this.sequence = new Sequence(desk);
    this.pruned = button({ text: 'Pruned', act: () => this.togglePruned(), title: 'Hide pruned frames' });
    set(this.pruned, { 'aria-pressed': 'true' });
    this.head.append(this.name, this.about, h('span', { class: 'gap' }), this.replay, this.pruned);
    if (desk.actions) {
      this.end = this.ending(desk.actions);
      this.head.append(this.end);
    }
    this.left.append(this.head, this.reply.element, this.waterfall.element, this.missing);
    this.split.append(this.left, this.sequence.element);
    const more = h('div', { class: 'more top' }, this.fresh);
    this.list.append(this.table.element, this.earlier);
    const room = h('div', {}, more, this.list, this.blank, this.split);
    this.sized = new Sized(room, 'the threads', desk.snapshot.live ? TALL : null, TALLER);
    this.element.append(this.sized.element);
    this.fresh.addEventListener('click', () => {
      this.seen = Infinity;
      this.list.scrollTop = 0;
      this.isScrolled = false;
      desk.redraw();
    });
    this.list.addEventListener('scroll', () => (this.isScrolled = this.list.scrollTop > 0), { passive: true });
    this.element.addEventListener('keydown', event => {
      if (event.key === 'Escape' && desk.selection.frame !== null) {
        desk.select({ frame: null });
      }
    });
  }

  private ending(actions: Actions): HTMLButtonElement {
    return asking(
      { text: 'End', look: 'danger', act: () => actions.end(this.current()?.key ?? 0) },
      () => `End #${this.current()?.key ?? 0}?`
    );
  }

  update(): void {
    const { threads, live } = this.desk.snapshot;
    const rows = this.shown([...threads.conversations].reverse());
    const current = this.current();
    const second = live ? Math.floor(this.desk.now / 1000) : null;
    this.table.update(rows, current?.key ?? null, row => (row.ended === null ? second : null));
    show(this.table.element, rows.length > 0);
    show(this.blank, rows.length === 0);
    show(this.split, current !== null);
    this.drawEarlier(threads.total - threads.conversations.length);
    this.table.element.classList.toggle(
      'no-cells',
      rows.every(row => row.cell === undefined)
    );
    if (current) {
      this.drawConversation(current);
    }
    this.fix(live);
  }

  private fix(live: boolean): void {
    if (live) {
      this.sized.usually(this.desk.narrow ? TALLER : TALL);
    }
    this.sized.settle();
  }

  private drawEarlier(lost: number): void {
    show(this.earlier, lost > 0);
    say(this.earlier, `${plural(lost, 'earlier conversation')} ${lost === 1 ? 'is' : 'are'} not shown.`);
  }

  /** Rows that somebody looks at stay where they are: while one is chosen, newer ones wait above. */
  private shown(rows: readonly ConversationRow[]): readonly ConversationRow[] {
    const newest = rows[0]?.key ?? 0;
    const looks = this.desk.selection.conversation !== null || this.isScrolled;
    if (!looks || this.seen > newest) {
      this.seen = newest;
    }
    const shown = rows.filter(row => row.key <= this.seen);
    const fresh = rows.length - shown.length;
    show(this.fresh, fresh > 0);
    say(this.fresh, `${count(fresh)} new`);
    return shown;
  }

  /** Put the focus on the frame that is selected, or on its conversation. */
  focus(): void {
    const { frame } = this.desk.selection;
    if (this.reply.asksFor(frame)) {
      this.reply.focus();
    } else if (frame !== null) {
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
      show(this.end, row.ended === null && this.desk.isAble);
    }
    show(this.replay, this.desk.real.live && !this.desk.isReplaying && frames.length > 0);
    this.reply.update(row.key);
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

  private readonly list = h('div', { class: 'rows' });
  private readonly fresh = h('button', { type: 'button', class: 'btn', hidden: true });
  private readonly sized: Sized;
  private seen = 0;
  /** Noted when somebody scrolls: to ask for it would have the browser lay out for every draw. */
  private isScrolled = false;
  private readonly table: Table<ConversationRow>;
  private readonly waterfall: Waterfall;
  private readonly sequence: Sequence;
  private readonly reply: ReplyRow;
  private readonly replay: HTMLButtonElement;
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

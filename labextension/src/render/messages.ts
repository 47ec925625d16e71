/** The Messages tab: a filter, the messages with the newest at the bottom, and the one that is selected. */

import type { MessageRow } from '../protocol';
import { button } from './button';
import { duration } from './conversations';
import type { Desk, Panel } from './desk';
import { h, say, set, show } from './dom';
import { markOf, stateWord } from './fate';
import { matcher, nearestType } from './filter';
import { State } from './glyphs';
import { Sized } from './height';
import { Passage } from './passage';
import { Table } from './table';
import { count, plain, plural } from './words';

/** As many pixels as a head and eleven messages take. */
const TALL = 328;

export class MessagesPanel implements Panel {
  readonly element = h('div');

  constructor(private readonly desk: Desk) {
    const live = desk.snapshot.live;
    this.dead = button({ text: 'Dead letters', act: () => this.only('dead') });
    this.refused = button({ text: 'Refused', act: () => this.only('refused') });
    this.field.addEventListener('input', () => {
      desk.filter = this.field.value;
      desk.redraw();
    });
    const headings = [
      { text: live ? 'time' : 'step', look: 'hide-narrow' },
      { text: 'from → to' },
      { text: 'payload' },
      { text: 'bytes', look: 'num hide-narrow' },
      { text: live ? 'ms' : 'steps', look: 'num' },
      { text: 'state' }
    ];
    this.table = new Table<MessageRow>(
      'Messages',
      headings,
      row => this.cells(row),
      row => this.choose(row)
    );
    this.table.element.classList.add('msgs');
    this.passage = new Passage(desk, () => this.close());
    const head = h('div', { class: 'head' }, this.field, this.dead, this.refused, this.shown);
    this.rows.append(this.table.element);
    const room = h('div', {}, head, this.earlier, this.rows, this.more, this.blank);
    this.sized = new Sized(room, 'the messages', desk.snapshot.live ? TALL : null, TALL);
    this.element.append(this.sized.element, this.passage.element);
    this.fresh.addEventListener('click', () => this.follow());
    this.rows.addEventListener('scroll', () => this.scrolled(), { passive: true });
    this.element.addEventListener('keydown', event => {
      if (event.key === 'Escape' && desk.selection.message !== null) {
        this.close();
      }
    });
  }

  update(): void {
    const { messages, organism, live } = this.desk.snapshot;
    if (this.field.value !== this.desk.filter) {
      this.field.value = this.desk.filter;
    }
    const match = matcher(this.desk.filter);
    const rows = messages.rows.filter(row => match(row) && this.isOf(row));
    const second = live ? Math.floor(this.desk.now / 1000) : null;
    this.table.update(rows, this.desk.selection.message, row =>
      row.began !== null && row.ended === null ? second : null
    );
    this.drawHead(rows.length, organism.dead - organism.settled, organism.refused);
    this.drawBlank(rows.length);
    show(this.table.element, rows.length > 0);
    this.sized.settle();
    this.keepEnd(rows);
    this.passage.update();
  }

  /** Whether a message is among those that a button asks for. */
  private isOf(row: MessageRow): boolean {
    return this.state === null || row.state === this.state || (this.state === 'dead' && isLetter(row));
  }

  /** Put the focus into the filter. */
  search(): void {
    this.field.focus();
  }

  focus(): void {
    const row =
      this.table.row(this.desk.selection.message ?? -1) ??
      this.table.body.querySelector<HTMLElement>('tr[tabindex="0"]');
    (row ?? this.field).focus();
  }

  private cells(element: HTMLTableRowElement): (row: MessageRow) => void {
    const time = h('td', { class: 'hide-narrow' });
    const way = h('td', { class: 'way' });
    const type = h('td', { class: 'type' });
    const bytes = h('td', { class: 'num hide-narrow' });
    const took = h('td', { class: 'num' });
    const state = new State();
    element.append(time, way, type, bytes, took, h('td', {}, state.element));
    return row => {
      say(time, this.desk.snapshot.live ? this.desk.clock(row.queued ?? 0) : count(row.queued ?? 0));
      say(way, `${plain(row.from, 60)} → ${plain(row.to, 60) || '?'}`);
      say(type, plain(row.type, 60));
      say(bytes, count(row.bytes));
      say(took, this.took(row));
      state.update(...markOf(row), plain(stateWord(row), 40));
    };
  }

  private took(row: MessageRow): string {
    if (row.began === null || !this.desk.snapshot.live) {
      return duration(this.desk, row.began, row.ended);
    }
    return count((row.ended ?? this.desk.now) - row.began);
  }

  private drawHead(shown: number, dead: number, refused: number): void {
    const { messages } = this.desk.snapshot;
    const letters = dead - refused;
    say(this.dead.lastElementChild ?? this.dead, `Dead letters ${count(letters)}`);
    say(this.refused.lastElementChild ?? this.refused, `Refused ${count(refused)}`);
    set(this.dead, { 'aria-pressed': String(this.state === 'dead'), 'aria-label': `Dead letters, ${count(letters)}` });
    set(this.refused, { 'aria-pressed': String(this.state === 'refused'), 'aria-label': `Refused, ${count(refused)}` });
    say(this.shown, `${count(shown)} of ${count(messages.rows.length)}`);
    const first = messages.rows[0]?.key ?? 1;
    show(this.earlier, first > 1);
    say(this.earlier, `${plural(first - 1, 'earlier message')} ${first === 2 ? 'is' : 'are'} not kept here.`);
  }

  private drawBlank(shown: number): void {
    const { messages } = this.desk.snapshot;
    show(this.blank, shown === 0);
    if (shown > 0) {
      return;
    }
    if (messages.rows.length === 0) {
      this.blank.replaceChildren('No messages yet. Send one: ', h('code', {}, '%inject listener Payload("…")'));
      return;
    }
    const nearest = nearestType(this.desk.filter, messages.rows);
    const filter = [this.desk.filter, this.state ? `state:${this.state}` : ''].filter(Boolean).join(' ');
    const clear = button({ text: 'Clear filter', look: 'quiet', act: () => this.clear() });
    const hint = nearest === null ? [] : ['Nearest type: ', h('code', {}, plain(nearest, 60)), '. '];
    this.blank.replaceChildren('No message matches ', h('code', {}, plain(filter, 80)), '. ', ...hint, clear);
  }

  /**
   * The list follows its end only while the person is there and has chosen nothing.
   *
   * Where its end is costs a layout. So that is asked once a frame, when the browser is about to lay out anyway.
   */
  private keepEnd(rows: readonly MessageRow[]): void {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.drawEnd();
    });
    this.last = rows;
  }

  private drawEnd(): void {
    if (this.follows && this.desk.selection.message === null) {
      this.seen = this.last[this.last.length - 1]?.key ?? 0;
      this.rows.scrollTop = this.rows.scrollHeight;
      this.top = this.rows.scrollTop;
    } else {
      this.keepUp(this.atEnd());
    }
    const fresh = this.last.filter(row => row.key > this.seen).length;
    show(this.more, fresh > 0);
    say(this.fresh, `${count(fresh)} new`);
  }

  private atEnd(): boolean {
    return this.rows.scrollHeight - this.rows.scrollTop - this.rows.clientHeight < 12;
  }

  /** Rows may have come before the page tells of a scroll: only who has gone up has left the end. */
  private scrolled(): void {
    if (!this.follows || this.rows.scrollTop < this.top - 1) {
      this.keepUp(this.atEnd());
    }
  }

  /** Where the list follows its end, the browser must not hold on to the row that is seen. */
  private keepUp(follows: boolean): void {
    this.follows = follows;
    this.rows.classList.toggle('follows', follows);
  }

  private follow(): void {
    this.keepUp(true);
    this.desk.select({ message: null });
  }

  private choose(row: MessageRow): void {
    const again = row.key === this.desk.selection.message;
    const frame = row.frame || row.origin || null;
    this.desk.select(again ? { message: null } : { message: row.key, conversation: row.conversation || null, frame });
  }

  private close(): void {
    const row = this.table.row(this.desk.selection.message ?? -1);
    this.desk.select({ message: null });
    row?.focus();
  }

  private only(state: string): void {
    this.state = this.state === state ? null : state;
    this.desk.redraw();
  }

  private clear(): void {
    this.desk.filter = '';
    this.state = null;
    this.desk.redraw();
    this.search();
  }

  private readonly field = h('input', {
    class: 'field grow',
    type: 'search',
    placeholder: 'Filter: text, from:planner, type:Lookup, in:#1',
    'aria-label': 'Filter messages'
  });
  private readonly dead: HTMLButtonElement;
  private readonly refused: HTMLButtonElement;
  private readonly table: Table<MessageRow>;
  private readonly passage: Passage;
  private readonly rows = h('div', { class: 'rows follows' });
  private readonly shown = h('span', { class: 'dense muted hide-narrow' });
  private readonly earlier = h('p', { class: 'blank', hidden: true });
  private readonly blank = h('p', { class: 'blank', hidden: true });
  private readonly fresh = h('button', { type: 'button', class: 'btn' });
  private readonly more = h('div', { class: 'more', hidden: true }, this.fresh);
  private readonly sized: Sized;
  private state: string | null = null;
  /** Whether the person is at the end of the list. */
  private follows = true;
  /** How far the list was scrolled when that was done last. */
  private top = 0;
  /** The last message that was there while the person was at the end. */
  private seen = 0;
  private last: readonly MessageRow[] = [];
  private frame: number | null = null;
}

/** A dead letter that a person can still do something about; what was refused is counted apart. */
function isLetter(row: MessageRow): boolean {
  return row.letter === true && row.state !== 'refused';
}

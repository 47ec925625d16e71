/** The Budgets tab: a meter for each conversation, the newest first; below, what the frames of one have spent. */

import type { AccountRow } from '../protocol';
import { type Standing, standings, wordsOf } from './accounts';
import { asking, button } from './button';
import type { Desk, Panel } from './desk';
import { h, List, type Part, say, set, show } from './dom';
import { Flame } from './flame';
import { State } from './glyphs';
import { Sized } from './height';
import { inOrder, Roving } from './keyboard';
import { Meter } from './meter';
import { RaiseRow } from './raise';
import { count } from './words';

/** As many pixels as four budgets, one of them open, and a picture of three calls take. */
const [TALL, TALLER] = [400, 520];

export class BudgetsPanel implements Panel {
  readonly element = h('div');

  constructor(private readonly desk: Desk) {
    this.flame = new Flame(desk);
    this.list = new List<Standing>(this.rows, first => this.row(first));
    const ticks = h(
      'div',
      { class: 'budget scale hide-narrow', 'aria-hidden': 'true' },
      h('span'),
      h(
        'div',
        { class: 'ticks' },
        h('span', { style: '--t: 75%' }, '75 %'),
        h('span', { style: '--t: 92.5%' }, '90, 95')
      )
    );
    const head = h('div', { class: 'head' }, this.about);
    const hint = h('span', { class: 'dense muted' }, 'width is tokens, depth is who called whom');
    this.below.append(h('div', { class: 'head' }, this.name, hint), this.flame.element);
    this.head.append(head, ticks);
    const more = h('div', { class: 'more top' }, this.fresh);
    const room = h('div', {}, this.head, more, this.rows, this.blank, this.below);
    this.sized = new Sized(room, 'the budgets', desk.snapshot.live ? TALL : null, TALLER);
    this.element.append(this.sized.element);
    this.roving = new Roving(this.rows, '.pick', inOrder(this.rows, '.pick', 'ArrowUp', 'ArrowDown'));
    this.fresh.addEventListener('click', () => {
      this.seen = Infinity;
      this.rows.scrollTop = 0;
      desk.redraw();
    });
  }

  update(): void {
    const { budgets, live } = this.desk.snapshot;
    const rows = this.shown(standings(this.desk.snapshot));
    say(this.about, this.summary());
    const current = this.current(rows);
    this.list.update(rows);
    this.list.settled();
    this.forget(rows);
    this.roving.update();
    for (const part of [this.head, this.rows, this.below]) {
      show(part, rows.length > 0);
    }
    show(this.blank, rows.length === 0);
    if (current) {
      const frames = this.desk.snapshot.threads.frames.filter(frame => frame.conversation === current.key);
      say(this.name, `#${current.key} by frame`);
      this.flame.update(frames, current);
      show(this.below, current.used + current.reserved > 0);
    }
    if (live) {
      this.sized.usually(budgets.accounts.length === 0 ? null : this.desk.narrow ? TALLER : TALL);
    }
    this.sized.settle();
  }

  /** Put the focus where something is asked, else on the first budget. */
  focus(): void {
    const { conversation } = this.desk.selection;
    const key = conversation ?? this.current(this.ordered)?.key;
    const row = key === undefined ? undefined : this.raises.get(key);
    if (row?.isOpen) {
      row.focus();
    } else {
      this.rows.querySelector<HTMLElement>('.pick[tabindex="0"]')?.focus();
    }
  }

  private forget(rows: readonly Standing[]): void {
    const there = new Set(rows.map(row => row.key));
    for (const key of this.raises.keys()) {
      if (!there.has(key)) {
        this.raises.delete(key);
      }
    }
  }

  private summary(): string {
    const { limit, tokens } = this.desk.snapshot.budgets;
    const each = limit === null ? 'No limit' : `Limit ${count(limit)} tokens a conversation`;
    return `${each}. All: ${count(tokens)} tokens`;
  }

  /** The selected account; else one that waits for a person, else the newest. */
  private current(rows: readonly Standing[]): AccountRow | null {
    const { conversation } = this.desk.selection;
    const chosen = rows.find(row => row.key === conversation) ?? rows.find(row => row.question) ?? rows[0];
    return chosen?.account ?? null;
  }

  /** Newest first; those that need somebody stand on top at first, and later nothing moves that somebody looks at. */
  private shown(rows: readonly Standing[]): readonly Standing[] {
    this.top ??= new Set(rows.filter(row => row.question).map(row => row.key));
    const { top } = this;
    const ordered = [...rows.filter(row => top.has(row.key)), ...rows.filter(row => !top.has(row.key))];
    const newest = Math.max(0, ...rows.map(row => row.key));
    const looks = this.rows.scrollTop > 0 || this.rows.contains(document.activeElement);
    if (!looks || this.seen > newest) {
      this.seen = newest;
    }
    const seen = ordered.filter(row => row.key <= this.seen);
    show(this.fresh, seen.length < ordered.length);
    say(this.fresh, `${count(ordered.length - seen.length)} new`);
    this.ordered = seen;
    return seen;
  }

  private row(first: Standing): Part<Standing> {
    const { desk } = this;
    const { actions } = desk;
    const state = new State();
    const pick = h('button', { type: 'button', class: 'pick', tabindex: -1 });
    const meter = new Meter();
    const nums = h('span', { class: 'num nums' });
    const acts = h('span', { class: 'acts' });
    const who = h('span', { class: 'who' }, pick, ' ', state.element);
    const line = h('div', { class: 'budget' }, who, h('div', { class: 'bar2' }, meter.element), nums, acts);
    const open = h('div');
    const element = h('div', { class: 'account', 'data-key': first.key }, line);
    let row = first;
    pick.addEventListener('click', () => desk.select({ conversation: row.key, frame: null }));
    const raise = actions && new RaiseRow(first.key, `${desk.id}-limit-${first.key}`, actions, () => pick.focus());
    if (actions && raise) {
      const more = button({ text: 'Raise…', act: () => raise.focus() });
      const end = asking({ text: 'End', look: 'danger', act: () => actions.end(row.key) }, () => `End #${row.key}?`);
      acts.append(more, end);
      open.append(raise.element);
      element.append(open);
      this.raises.set(first.key, raise);
    }
    return {
      element,
      update: next => {
        row = next;
        const { account, question } = next;
        say(pick, `#${account.key}`);
        set(pick, { 'aria-label': `#${account.key}, by frame`, 'aria-pressed': String(this.isCurrent(account.key)) });
        state.update(...wordsOf(next));
        meter.update(account);
        nums.replaceChildren(...spent(account));
        raise?.update(next);
        show(open, desk.isAble);
        show(acts, desk.isAble && account.open === true && !question);
        acts.classList.toggle('endless', account.limit === null);
      }
    };
  }

  private isCurrent(key: number): boolean {
    return this.current(this.ordered)?.key === key;
  }

  private readonly head = h('div');
  private readonly about = h('span', { class: 'dense muted' });
  private readonly rows = h('div', { class: 'rows' });
  private readonly below = h('div', { class: 'sub' });
  private readonly name = h('h3');
  private readonly fresh = h('button', { type: 'button', class: 'btn', hidden: true });
  private readonly blank = h(
    'p',
    { class: 'blank', hidden: true },
    'No tokens spent yet. A handler books them: ',
    h('code', {}, 'async with meta.tokens(…)')
  );
  private readonly flame: Flame;
  private readonly list: List<Standing>;
  private readonly roving: Roving;
  private readonly sized: Sized;
  private readonly raises = new Map<number, RaiseRow>();
  private ordered: readonly Standing[] = [];
  private top: ReadonlySet<number> | null = null;
  private seen = 0;
}

/** What was spent, and of how much. */
function spent({ limit, used, reserved }: AccountRow): Node[] {
  const own = count(used) + (reserved ? ` + ${count(reserved)}` : '');
  const of = limit === null ? ' tokens' : ` of ${count(limit)}`;
  return [document.createTextNode(own), h('span', { class: 'muted' }, of)];
}

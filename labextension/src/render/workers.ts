/** The Workers tab: the processes that run cpu_bound handlers, what each does and since when, and a way to kill one. */

import type { WorkerRow } from '../protocol';
import { asking } from './button';
import type { Desk, Panel } from './desk';
import { h, type Part, say, set, show } from './dom';
import { type Glyph, type Hue, State } from './glyphs';
import { Sized } from './height';
import { Table } from './table';
import { count, plain, plural } from './words';

/** As many pixels as a head and four workers take. */
const TALL = 196;

/** From this share of its timeout on a task is slow. */
const SLOW = 0.8;

const STATES: Readonly<Record<string, readonly [Glyph, Hue]>> = {
  busy: ['processing', 'running'],
  slow: ['warn', 'attention'],
  waiting: ['waiting', 'idle'],
  starting: ['idle', 'idle'],
  idle: ['idle', 'idle']
};

/** How a worker is: one that has used most of its time is slow. */
export function stateOf({ state, began, timeout }: WorkerRow, now: number): string {
  const busy = state === 'busy' && began !== null && timeout !== null;
  return busy && (now - began) / 1000 > SLOW * timeout ? 'slow' : state;
}

/** `16.8 of 60 s`, or `16.8 s` where there is no end. */
export function elapsed({ began, timeout }: WorkerRow, now: number): string {
  if (began === null) {
    return '–';
  }
  const seconds = Math.max(0, now - began) / 1000;
  const shown = seconds < 60 ? (Math.floor(seconds * 10) / 10).toFixed(1) : count(Math.floor(seconds));
  return timeout === null ? `${shown} s` : `${shown} of ${count(timeout)} s`;
}

/** `212 MB`, `1.4 GB`. */
export function size(megabytes: number | null): string {
  if (megabytes === null) {
    return '–';
  }
  return megabytes < 1000 ? `${count(megabytes)} MB` : `${(megabytes / 1000).toFixed(1)} GB`;
}

export class WorkersPanel implements Panel {
  readonly element = h('div');

  constructor(private readonly desk: Desk) {
    const headings = [
      { text: 'pid', look: 'num' },
      { text: 'state' },
      { text: 'task' },
      { text: 'elapsed of timeout', look: 'hide-narrow' },
      { text: 'CPU', look: 'num hide-narrow' },
      { text: 'memory', look: 'num hide-tiny' },
      { text: 'tasks', look: 'num hide-narrow' },
      { text: '' }
    ];
    this.table = new Table<WorkerRow>(
      'Workers',
      headings,
      element => this.cells(element),
      row => this.choose(row)
    );
    this.table.element.classList.add('tall');
    const action = this.table.element.querySelector('th:last-child');
    action?.append(h('span', { class: 'vh' }, 'action'));
    this.rows.append(this.table.element);
    const room = h('div', {}, this.head, this.rows, this.wrong, this.blank);
    this.head.append(this.about);
    this.sized = new Sized(room, 'the workers', null, TALL + 160);
    this.element.append(this.sized.element);
  }

  update(): void {
    const { workers, live } = this.desk.snapshot;
    const rows = workers.workers;
    const at = live ? Math.floor(this.desk.now / 100) : 0;
    this.table.update(rows, this.chosen, row => (row.began === null ? null : at));
    for (const part of [this.head, this.rows]) {
      show(part, rows.length > 0);
    }
    show(this.blank, rows.length === 0);
    const busy = rows.filter(row => row.state === 'busy').length;
    say(this.about, `${plural(workers.total, 'process', 'processes')}, ${count(busy)} busy.`);
    this.sized.usually(rows.length === 0 ? null : TALL);
    this.sized.settle();
  }

  focus(): void {
    this.table.body.querySelector<HTMLElement>('tr[tabindex="0"]')?.focus();
  }

  private cells(element: HTMLTableRowElement): (row: WorkerRow) => void {
    const { desk } = this;
    const parts = [pid(), state(desk), task(desk), time(desk), numbers('hide-narrow', row => share(row.cpu))];
    parts.push(numbers('hide-tiny', row => size(row.memory)));
    parts.push(numbers('hide-narrow', row => count(row.tasks)));
    parts.push(this.ending());
    element.append(...parts.map(part => part.element));
    return row => parts.forEach(part => part.update(row));
  }

  /** The cell with the button that kills. */
  private ending(): Part<WorkerRow> {
    const element = h('td', { class: 'num' });
    let row: WorkerRow | null = null;
    const word = () => `Kill ${row?.key ?? ''}?`;
    const kill = asking({ text: 'Kill', look: 'danger', act: () => this.kill(row) }, word);
    kill.addEventListener('click', event => event.stopPropagation());
    if (this.desk.actions) {
      element.append(kill);
    }
    return {
      element,
      update: next => {
        row = next;
        show(kill, this.desk.isAble && next.state !== 'starting' && next.state !== 'idle');
        kill.title = `Kill worker ${next.key}`;
      }
    };
  }

  private choose(row: WorkerRow): void {
    this.chosen = this.chosen === row.key ? null : row.key;
    this.desk.select({
      ...(row.name ? { listener: row.name } : {}),
      ...(row.conversation ? { conversation: row.conversation, frame: null } : {})
    });
  }

  private kill(row: WorkerRow | null): void {
    if (row) {
      void this.desk.actions?.kill(row.key).then(({ error }) => {
        say(this.wrong, error ?? '');
        show(this.wrong, error !== undefined);
      });
    }
  }

  private readonly head = h('div', { class: 'head' });
  private readonly rows = h('div', { class: 'rows' });
  private readonly about = h('span', { class: 'dense muted' });
  private readonly wrong = h('p', { class: 'wrong', role: 'alert', hidden: true });
  private readonly blank = h(
    'p',
    { class: 'blank' },
    'No workers now. A ',
    h('code', {}, 'cpu_bound'),
    ' handler starts them.'
  );
  private readonly table: Table<WorkerRow>;
  private readonly sized: Sized;
  private chosen: number | null = null;
}

function pid(): Part<WorkerRow> {
  return numbers('', row => (row.state === 'starting' ? '–' : String(row.key)));
}

function state(desk: Desk): Part<WorkerRow> {
  const shown = new State();
  const update = (row: WorkerRow) => {
    const word = stateOf(row, desk.now);
    const [mark, hue] = STATES[word] ?? ['idle', 'idle'];
    shown.update(mark, hue, plain(word, 20));
  };
  return { element: h('td', {}, shown.element), update };
}

/** Whose handler it runs and for which conversation; where it is narrow, for how long. */
function task(desk: Desk): Part<WorkerRow> {
  const name = h('span');
  const where = h('span', { class: 'muted hide-narrow' });
  const short = h('span', { class: 'only-narrow' });
  const update = (row: WorkerRow) => {
    say(name, plain(row.name, 60) || '–');
    say(where, row.conversation ? `in #${row.conversation}` : '');
    say(short, row.began === null ? '' : elapsed(row, desk.now));
    short.classList.toggle('attention', stateOf(row, desk.now) === 'slow');
  };
  return { element: h('td', { class: 'cut' }, name, ' ', where, short), update };
}

/** For how long, as a bar and in figures. */
function time(desk: Desk): Part<WorkerRow> {
  const mini = h('span', { class: 'mini' }, h('i'));
  const words = h('span');
  const update = (row: WorkerRow) => {
    const { now } = desk;
    const done = row.began === null || !row.timeout ? 0 : (now - row.began) / 10 / row.timeout;
    const [, hue] = STATES[stateOf(row, now)] ?? ['idle', 'idle'];
    set(mini, { class: `mini ${hue}`, style: `--u: ${Math.min(100, Math.round(done))}%`, hidden: row.began === null });
    say(words, elapsed(row, now));
  };
  return { element: h('td', { class: 'hide-narrow' }, mini, words), update };
}

function numbers(look: string, shown: (row: WorkerRow) => string): Part<WorkerRow> {
  const element = h('td', { class: `num ${look}`.trim() });
  return { element, update: row => say(element, shown(row)) };
}

function share(percent: number | null): string {
  return percent === null ? '–' : `${count(percent)} %`;
}

/** What all parts of one view share: the snapshot, the selection, the clock, and what a person may ask for. */

import type { BreakpointRow, Snapshot } from '../protocol';
import { lasting } from './words';

export type Tab = 'graph' | 'threads' | 'budgets' | 'messages' | 'workers';

/** What became of something that could be refused: why not, and where in a text; else the text that was asked for. */
export interface Outcome {
  readonly error?: string;
  readonly mark?: readonly [number, number];
  readonly text?: string;
}

/** What a person can do; without these a view only shows. */
export interface Actions {
  pause(): void;
  resume(): void;
  step(): void;
  stop(): void;
  /** End a conversation. */
  end(conversation: number): void;
  /** Let a conversation spend so many tokens in all. */
  raise(conversation: number, tokens: number): Promise<Outcome>;
  /** Answer a question in words. */
  answer(question: number, text: string): Promise<Outcome>;
  /** Send a dead letter again; null is as it was. */
  resend(message: number, text: string | null): Promise<Outcome>;
  /** Put a dead letter aside. */
  dismiss(message: number): Promise<Outcome>;
  /** Kill a worker process. */
  kill(pid: number): Promise<Outcome>;
  /** Hold messages before their handlers, or do so no more. */
  breakpoint(where: BreakpointRow, on: boolean): Promise<Outcome>;
  /** Give the payload of a held message as XML. */
  held(key: number): Promise<Outcome>;
  /** Let a held message go to its handler. */
  release(key: number): Promise<Outcome>;
  /** End a held message. */
  drop(key: number): Promise<Outcome>;
  /** Put another payload into a held message, and let it go. */
  edit(key: number, text: string): Promise<Outcome>;
  /** Ask for a listener's contract or a message's passage; it comes with a later snapshot. */
  detail(of: 'listeners' | 'messages', key: string): void;
  /** Tell whether anybody can see the view. */
  visible(seen: boolean): void;
}

export interface Selection {
  readonly listener: string | null;
  readonly conversation: number | null;
  readonly frame: number | null;
  readonly message: number | null;
}

export const NOTHING: Selection = { listener: null, conversation: null, frame: null, message: null };

/** One part of a view. */
export interface Panel {
  readonly element: HTMLElement;
  update(): void;
}

export class Desk {
  /** Begins the ids of its elements; the views on one page may be drawn by different builds, so none can count. */
  readonly id = `xp-${Math.random().toString(36).slice(2, 10)}`;
  selection: Selection = NOTHING;
  filter = '';
  narrow = false;
  /** How wide the view is, in pixels; 0 while it cannot be seen. */
  width = 0;

  /**
   * @param snapshot - What is known.
   * @param actions - What a person can do, if anything.
   * @param redraw - Draws what depends on the selection.
   * @param open - Opens a tab and puts the focus there.
   */
  constructor(
    snapshot: Snapshot,
    readonly actions: Actions | undefined,
    readonly redraw: () => void,
    readonly open: (tab: Tab) => void
  ) {
    this.real = snapshot;
    this.received(snapshot);
  }

  /** What is shown: what is known last, or what was known at the moment that is replayed. */
  get snapshot(): Snapshot {
    return this.past?.(this.real) ?? this.real;
  }

  /** Whether anything that a person does now would be done. */
  get isAble(): boolean {
    return this.actions !== undefined && this.real.lost === undefined && !this.isReplaying;
  }

  get isReplaying(): boolean {
    return this.past !== null;
  }

  /** Show what was known at another moment; null is now. */
  replay(past: ((real: Snapshot) => Snapshot) | null): void {
    let [from, shown]: [Snapshot | null, Snapshot | null] = [null, null];
    this.past =
      past &&
      (real => {
        if (shown === null || from !== real) {
          [from, shown] = [real, past(real)];
        }
        return shown;
      });
    this.redraw();
  }

  /** Take over a new snapshot; its own clock goes on from here. */
  received(snapshot: Snapshot): void {
    const other = snapshot.session !== this.real.session;
    if (other) {
      this.selection = NOTHING;
      this.past = null;
    }
    if (snapshot.lost !== undefined && this.real.lost === undefined) {
      this.ended = this.clockNow;
    }
    this.setClocks(snapshot.now, other);
    this.real = snapshot;
  }

  private setClocks(now: number | undefined, other: boolean): void {
    if (now === undefined) {
      return;
    }
    if (now !== this.real.now || this.since === 0) {
      this.since = performance.now();
    }
    if (this.began === null || other) {
      this.began = Date.now() - now;
    }
  }

  /** Say when something was, by the clock on the wall; a page that does not know says how long after the beginning. */
  clock(at: number): string {
    if (this.began === null) {
      return lasting(at);
    }
    const time = new Date(this.began + at);
    return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${two(time.getMilliseconds(), 3)}`;
  }

  /** The time now, as the snapshot tells times: milliseconds, or the number of the last event. */
  get now(): number {
    return this.past ? (this.snapshot.now ?? 0) : this.clockNow;
  }

  private get clockNow(): number {
    const { live, now, seq, lost } = this.real;
    if (!live || lost !== undefined) {
      return live ? this.ended : seq;
    }
    return now === undefined ? latest(this.real) : now + (this.actions ? performance.now() - this.since : 0);
  }

  select(selection: Partial<Selection>): void {
    this.selection = { ...this.selection, ...selection };
    this.redraw();
  }

  /** Ask for a detail, once. */
  want(of: 'listeners' | 'messages', key: string): void {
    const wanted = `${this.snapshot.session} ${of} ${key}`;
    if (this.actions && !this.wanted.has(wanted)) {
      this.wanted.add(wanted);
      this.actions.detail(of, key);
    }
  }

  /** What was asked for may be different now. */
  forget(of: 'listeners' | 'messages', key: string): void {
    this.wanted.delete(`${this.snapshot.session} ${of} ${key}`);
  }

  /** What is known last. */
  real: Snapshot;
  private past: ((real: Snapshot) => Snapshot) | null = null;
  private readonly wanted = new Set<string>();
  private since = 0;
  /** When nothing came any more. */
  private ended = 0;
  private began: number | null = null;
}

function two(value: number, digits = 2): string {
  return String(value).padStart(digits, '0');
}

/** The last time that a snapshot tells of. */
function latest(snapshot: Snapshot): number {
  const frames = snapshot.threads.frames.flatMap(frame => [frame.opened, frame.closed, ...frame.spans.flat()]);
  const messages = snapshot.messages.rows.flatMap(row => [row.queued, row.began, row.ended]);
  return Math.max(0, ...[...frames, ...messages].map(Number));
}

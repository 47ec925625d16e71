/** What all parts of one view share: the snapshot, the selection, the clock, and what a person may ask for. */

import type { Snapshot } from '../protocol';

export type Tab = 'graph' | 'threads' | 'messages';

/** What a person can do; without these a view only shows. */
export interface Actions {
  pause(): void;
  resume(): void;
  step(): void;
  stop(): void;
  /** End a conversation. */
  end(conversation: number): void;
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

let views = 0;

export class Desk {
  readonly id = `xp${(views += 1)}`;
  selection: Selection = NOTHING;
  filter = '';
  narrow = false;

  /**
   * @param snapshot - What is shown.
   * @param actions - What a person can do, if anything.
   * @param redraw - Draws what depends on the selection.
   * @param open - Opens a tab and puts the focus there.
   */
  constructor(
    public snapshot: Snapshot,
    readonly actions: Actions | undefined,
    readonly redraw: () => void,
    readonly open: (tab: Tab) => void
  ) {
    this.received(snapshot);
  }

  /** Take over a new snapshot; its own clock goes on from here. */
  received(snapshot: Snapshot): void {
    if (snapshot.session !== this.snapshot.session) {
      this.selection = NOTHING;
    }
    if (snapshot.now !== undefined && (snapshot.now !== this.snapshot.now || this.since === 0)) {
      this.since = performance.now();
    }
    this.snapshot = snapshot;
  }

  /** The time now, as the snapshot tells times: milliseconds, or the number of the last event. */
  get now(): number {
    const { live, now, seq } = this.snapshot;
    if (!live) {
      return seq;
    }
    return now === undefined ? latest(this.snapshot) : now + (this.actions ? performance.now() - this.since : 0);
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

  private readonly wanted = new Set<string>();
  private since = 0;
}

/** The last time that a snapshot tells of. */
function latest(snapshot: Snapshot): number {
  const frames = snapshot.threads.frames.flatMap(frame => [frame.opened, frame.closed, ...frame.spans.flat()]);
  const messages = snapshot.messages.rows.flatMap(row => [row.queued, row.began, row.ended]);
  return Math.max(0, ...[...frames, ...messages].map(Number));
}

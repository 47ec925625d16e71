/** The newest snapshot of one organism, as its comm brings it; no DOM. */

import { isMark } from './guards';
import {
  applied,
  type Delta,
  type Details,
  isDelta,
  isListenerDetail,
  isMessageDetail,
  isSnapshot,
  type Snapshot
} from './protocol';
import type { Outcome } from './render/desk';
import type { Preferences } from './render/preferences';
import type { Actions } from './render/view';

/** What of a widget's model is used here. */
export interface Comm {
  get?(name: string): unknown;
  send(content: unknown): void;
  on(event: string, callback: (content: unknown) => void): void;
  off(event: string, callback: (content: unknown) => void): void;
}

/**
 * Keeps the newest snapshot for all views of one model.
 *
 * Every message that brings one is acknowledged, because the kernel sends the next only then. A delta that is for
 * another snapshot than ours is answered by asking for the whole.
 */
export class Store {
  snapshot: Snapshot | null = null;

  constructor(private readonly comm: Comm) {
    comm.on('msg:custom', this.received);
    comm.on('comm:close', this.lost);
    this.hello();
  }

  /** Have a function called with every new snapshot; gives the function that ends that. */
  subscribe(listener: (snapshot: Snapshot) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** What people can do; every action has an id, so that none is done twice. */
  readonly actions: Actions = {
    pause: () => this.act({ do: 'pause' }),
    resume: () => this.act({ do: 'resume' }),
    step: () => this.act({ do: 'step' }),
    stop: () => this.act({ do: 'stop' }),
    end: conversation => this.act({ do: 'end', conversation }),
    raise: (conversation, tokens) => this.ask({ do: 'raise', conversation, tokens }),
    answer: (question, text) => this.ask({ do: 'answer', question, text }),
    resend: (key, text) => this.ask({ do: 'resend', key, text }),
    dismiss: key => this.ask({ do: 'dismiss', key }),
    kill: pid => this.ask({ do: 'kill', pid }),
    breakpoint: (where, on) => this.ask({ do: 'break', ...where, on }),
    held: held => this.ask({ do: 'held', held }),
    release: held => this.ask({ do: 'release', held }),
    drop: held => this.ask({ do: 'drop', held }),
    edit: (held, text) => this.ask({ do: 'edit', held, text }),
    detail: (of, key) => this.act({ do: 'detail', of, key }),
    visible: seen => this.tell({ do: 'visible', seen })
  };

  /** Ask for the whole. */
  hello(): void {
    this.tell({ do: 'hello' });
  }

  /** Say how often, and how much of the past, a person wants to see. */
  prefer(wanted: Preferences): void {
    this.tell({ do: 'prefer', ...wanted });
  }

  dispose(): void {
    this.tell({ do: 'bye' });
    this.comm.off('msg:custom', this.received);
    this.comm.off('comm:close', this.lost);
    this.listeners.clear();
  }

  private act(content: Readonly<Record<string, unknown>>): void {
    this.tell({ ...content, id: (this.acts += 1) });
  }

  /** Do what may be refused, and hear what became of it. */
  private ask(content: Readonly<Record<string, unknown>>): Promise<Outcome> {
    this.act(content);
    return new Promise(resolve => this.asked.set(this.acts, resolve));
  }

  private answered({ front, id, error, mark, text }: Readonly<Record<string, unknown>>): void {
    const resolve = front === this.front && typeof id === 'number' ? this.asked.get(id) : undefined;
    if (resolve && typeof id === 'number') {
      this.asked.delete(id);
      resolve({
        ...(typeof error === 'string' ? { error } : {}),
        ...(isMark(mark) ? { mark: mark as readonly [number, number] } : {}),
        ...(typeof text === 'string' ? { text } : {})
      });
    }
  }

  private tell(content: Readonly<Record<string, unknown>>): void {
    this.comm.send({ ...content, front: this.front });
  }

  private readonly received = (content: unknown): void => {
    const fields = fieldsOf(content);
    const { snapshot, delta, closed } = fields;
    this.closed ||= closed === true;
    if (typeof fields['answer'] === 'object') {
      this.answered(fieldsOf(fields['answer']));
    } else if (isSnapshot(snapshot)) {
      this.takeWhole(snapshot);
    } else if (isDelta(delta)) {
      this.takeDelta(delta);
    } else if (this.snapshot) {
      this.takeMore(this.snapshot, fields);
    }
  };

  private takeMore(snapshot: Snapshot, { blocked, of, key, detail }: Readonly<Record<string, unknown>>): void {
    if (typeof blocked === 'string') {
      this.take({ ...snapshot, blocked });
    } else if (blocked === null) {
      this.take(free(snapshot));
    } else if (typeof key === 'string') {
      this.take({ ...snapshot, details: withDetail(snapshot.details ?? {}, of, key, detail) });
    }
  }

  private takeWhole(snapshot: Snapshot): void {
    const details = this.snapshot?.session === snapshot.session ? this.snapshot.details : undefined;
    this.take(details ? { ...snapshot, details } : snapshot);
    this.tell({ do: 'ack', seq: snapshot.seq });
  }

  private takeDelta(delta: Delta): void {
    const next = this.snapshot && applied(this.snapshot, delta);
    if (next) {
      this.take(free(next));
      this.tell({ do: 'ack', seq: delta.seq });
    } else {
      this.hello();
    }
  }

  private readonly lost = (): void => {
    for (const resolve of this.asked.values()) {
      resolve({ error: 'The kernel does not answer any more.' });
    }
    this.asked.clear();
    if (this.snapshot) {
      this.take({ ...this.snapshot, lost: this.closed ? '' : this.heard });
    }
  };

  private take(snapshot: Snapshot): void {
    if (snapshot.lost === undefined) {
      this.heard = new Date().toTimeString().slice(0, 8);
    }
    this.snapshot = snapshot;
    for (const listener of this.listeners) {
      listener(snapshot);
    }
  }

  private readonly listeners = new Set<(snapshot: Snapshot) => void>();
  private readonly front = Math.random().toString(36).slice(2);
  private readonly asked = new Map<number, (outcome: Outcome) => void>();
  private acts = 0;
  private heard = '';
  private closed = false;
}

/** The kernel sends again, or says so: nobody holds its loop any more. */
function free(snapshot: Snapshot): Snapshot {
  const { blocked, ...rest } = snapshot;
  return blocked === undefined ? snapshot : rest;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** Add one detail, if it is what it says it is. */
function withDetail(details: Details, of: unknown, key: string, detail: unknown): Details {
  if (of === 'listeners' && isListenerDetail(detail)) {
    return { ...details, listeners: { ...details.listeners, [key]: detail } };
  }
  if (of === 'messages' && isMessageDetail(detail)) {
    return { ...details, messages: { ...details.messages, [key]: detail } };
  }
  return details;
}

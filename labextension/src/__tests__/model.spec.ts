import { beforeEach, describe, expect, it, vi } from 'vitest';

import { type Comm, Store } from '../model';
import { fixture, snapshot } from './fixtures';

class FakeComm implements Comm {
  readonly sent: Record<string, unknown>[] = [];
  readonly callbacks = new Map<string, (content: unknown) => void>();
  send(content: unknown): void {
    this.sent.push(content as Record<string, unknown>);
  }
  on(event: string, callback: (content: unknown) => void): void {
    this.callbacks.set(event, callback);
  }
  off(event: string): void {
    this.callbacks.delete(event);
  }
  push(content: unknown): void {
    this.callbacks.get('msg:custom')?.(content);
  }
  get said(): unknown[] {
    return this.sent.map(content => content['do']);
  }
}

let comm: FakeComm;
let store: Store;

beforeEach(() => {
  comm = new FakeComm();
  store = new Store(comm);
});

describe('the store of a model', () => {
  it('asks for the whole at the beginning', () => {
    expect(comm.said).toEqual(['hello']);
  });

  it('acknowledges every snapshot and delta', () => {
    const { before, delta, after } = fixture('delta');
    const heard = vi.fn();
    store.subscribe(heard);
    comm.push({ snapshot: before });
    comm.push({ delta });
    expect(store.snapshot).toEqual(after);
    expect(comm.said).toEqual(['hello', 'ack', 'ack']);
    expect(heard).toHaveBeenCalledTimes(2);
  });

  it('says who holds the loop, until the kernel sends again', () => {
    const { before, delta } = fixture('delta');
    comm.push({ snapshot: before });
    comm.push({ blocked: 'hog holds the event loop' });
    expect(store.snapshot?.blocked).toBe('hog holds the event loop');
    comm.push({ delta });
    expect(store.snapshot?.blocked).toBeUndefined();
  });

  it('asks for the whole where a delta is for another snapshot', () => {
    comm.push({ snapshot: snapshot('research') });
    comm.push({ delta: { ...(fixture('delta')['delta'] as object), base: 1 } });
    expect(comm.said).toEqual(['hello', 'ack', 'hello']);
  });

  it('keeps details through snapshots of one session, and forgets them with it', () => {
    const { details, ...bare } = snapshot('research');
    comm.push({ snapshot: bare });
    comm.push({ of: 'messages', key: '1', detail: details?.messages?.['1'] });
    comm.push({ snapshot: bare });
    expect(Object.keys(store.snapshot?.details?.messages ?? {})).toEqual(['1']);
    comm.push({ snapshot: { ...bare, session: 'another' } });
    expect(store.snapshot?.details).toBeUndefined();
  });

  it('takes nothing that is not of our types', () => {
    comm.push({ snapshot: { protocol: 1 } });
    comm.push(null);
    comm.push('text');
    expect(store.snapshot).toBeNull();
  });

  it('gives every action an id of its own', () => {
    store.actions.pause();
    store.actions.pause();
    const ids = comm.sent.filter(content => content['do'] === 'pause').map(content => content['id']);
    expect(new Set(ids).size).toBe(2);
  });

  it('says that the kernel is gone when its comm is', () => {
    comm.push({ snapshot: snapshot('research') });
    comm.callbacks.get('comm:close')?.(null);
    expect(store.snapshot?.lost).toMatch(/^\d\d:\d\d:\d\d$/);
    expect(store.snapshot?.organism.state).toBe('running');
  });

  it('leaves nothing behind', () => {
    store.dispose();
    expect(comm.callbacks.size).toBe(0);
    expect(comm.said).toEqual(['hello', 'bye']);
  });
});

describe('what can be refused', () => {
  const last = () => comm.sent[comm.sent.length - 1] ?? {};

  it('hears what became of it', async () => {
    const outcome = store.actions.raise(4, 80_000);
    const { front, id, ...said } = last();
    expect(said).toEqual({ do: 'raise', conversation: 4, tokens: 80_000 });
    comm.push({ answer: { front: 'somebody else', id } });
    comm.push({ answer: { front, id, error: 'no', mark: [1, 2], more: 'x' } });
    expect(await outcome).toEqual({ error: 'no', mark: [1, 2] });
  });

  it('is refused when the kernel is gone', async () => {
    const outcome = store.actions.kill(1);
    comm.callbacks.get('comm:close')?.(null);
    expect((await outcome).error).toContain('does not answer');
  });
});

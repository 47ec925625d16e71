import { describe, expect, it } from 'vitest';

import type { OrganismRow } from '../protocol';
import type { Told } from '../render/outside';
import { statusOf } from '../status';

const ROW: OrganismRow = {
  name: 'hello',
  state: 'running',
  generation: 1,
  flying: 3,
  queued: 2,
  running: 1,
  active: 1,
  dead: 0,
  refused: 0,
  settled: 0
};

function told(row: Partial<OrganismRow> = {}, more: Partial<Told> = {}): Told {
  return { organism: { ...ROW, ...row }, ...more };
}

describe('the line on the status bar', () => {
  it('is empty where no organism runs', () => {
    expect(statusOf([]).text).toBe('');
    expect(statusOf([told({ state: 'stopped' }), told({}, { lost: '14:03:19' })]).text).toBe('');
  });

  it('tells of one organism by its name, and of several by their number', () => {
    expect(statusOf([told()]).text).toBe('hello: running · 3 in flight');
    expect(statusOf([told({ state: 'paused' })]).text).toBe('hello: paused · 2 held');
    const two = statusOf([told(), told({ name: 'echo', state: 'paused', flying: 1200 })]);
    expect(two.text).toBe('2 organisms · 1 paused · 1,203 in flight');
    expect(two.title).toBe('hello: running · 3 in flight\necho: paused · 2 held');
  });

  it('tells where messages are held at breakpoints', () => {
    const held = [{ key: 1, conversation: 1, number: 1, from: 'a', to: 'shouter', type: 'Say', bytes: 9 }];
    const stopped = told({ held, holding: 2 });
    expect(statusOf([stopped]).text).toBe('hello: held at shouter · 3 in flight');
    expect(statusOf([stopped, told({ name: 'echo' })]).text).toBe('2 organisms · 2 held · 6 in flight');
  });

  it('names who holds the loop before all else', () => {
    const handler = 'hog holds the event loop (cell 3, line 5), so nothing else can run.';
    const status = statusOf([told({ name: 'echo' }), told({}, { blocked: handler })]);
    expect(status).toEqual({ text: 'hello: loop blocked by hog', title: handler, isBlocked: true });
    const cell = statusOf([told({}, { blocked: 'Cell 7 holds the event loop (line 1), so nothing else can run.' })]);
    expect(cell.text).toBe('hello: loop blocked by cell 7');
  });

  it('says what it does not understand as something', () => {
    expect(statusOf([told({}, { blocked: '\u202e?' })]).text).toBe('hello: loop blocked by something');
    expect(statusOf([told({ name: '\u202egnp' })]).text).toBe('\ufffdgnp: running · 3 in flight');
  });
});

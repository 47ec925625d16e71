import { describe, expect, it } from 'vitest';

import { once } from '../guards';
import { applied, isDelta, isNodeRow, isSnapshot, type Snapshot } from '../protocol';
import { fixture, SNAPSHOTS } from './fixtures';

describe('the contract with Python', () => {
  it.each(SNAPSHOTS)('takes %s.json for a snapshot', name => {
    expect(isSnapshot(fixture(name))).toBe(true);
  });

  it('makes of a snapshot and a delta what Python makes of them', () => {
    const { before, delta, after } = fixture('delta');
    if (!isSnapshot(before) || !isDelta(delta) || !isSnapshot(after)) {
      throw new Error('the fixture is none');
    }
    expect(applied(before, delta)).toEqual(after);
  });

  it('looks only at those rows that it has not seen', () => {
    const looked: unknown[] = [];
    const isRow = once((value): value is object => looked.push(value) > 0);
    const row = { key: 1 };
    expect([isRow(row), isRow(row), isRow({ ...row })]).toEqual([true, true, true]);
    expect(looked).toHaveLength(2);
    expect(isNodeRow({ ...row })).toBe(false);
    const node = { ...(fixture('research') as unknown as Snapshot).graph.nodes[0] };
    expect([isNodeRow(node), isNodeRow({ ...node, x: '1' })]).toEqual([true, false]);
  });

  it('asks for a whole snapshot where a delta is for another one', () => {
    const { before, delta } = fixture('delta');
    if (!isSnapshot(before) || !isDelta(delta)) {
      throw new Error('the fixture is none');
    }
    expect(applied({ ...before, seq: before.seq - 1 }, delta)).toBeNull();
    expect(applied({ ...before, session: 'another' }, delta)).toBeNull();
  });

  it('refuses what is of another protocol, or of another type in any place', () => {
    const good = fixture('research');
    expect(isSnapshot({ ...good, protocol: 1 })).toBe(false);
    expect(isSnapshot({ ...good, graph: null })).toBe(false);
    expect(isSnapshot({ ...good, organism: { name: 'x' } })).toBe(false);
    expect(isSnapshot([])).toBe(false);
    expect(isSnapshot(undefined)).toBe(false);
    const edge = {
      key: 'a',
      from: 'a',
      to: 'b',
      declared: true,
      sent: 0,
      answered: 0,
      refused: 0,
      flying: 0,
      x: 0,
      y: 0
    };
    const nodes: unknown[] = [];
    expect(isSnapshot({ ...good, graph: { width: 1, height: 1, nodes, edges: [{ ...edge, d: 'M0,0' }] } })).toBe(true);
    expect(isSnapshot({ ...good, graph: { width: 1, height: 1, nodes, edges: [{ ...edge, d: 'url(x)' }] } })).toBe(
      false
    );
  });
});

import { describe, expect, it } from 'vitest';

import saved from '../../../tests/snapshots/saved.json';
import { readSnapshot } from '../snapshotData';

describe('what can be drawn', () => {
  it.each([[undefined], [null], ['text'], [[1, 2]], [{}]])('%j is no snapshot', data => {
    expect(readSnapshot(data)).toContain('no snapshot');
  });

  it('is a snapshot', () => {
    expect(readSnapshot(saved)).toEqual(saved);
  });

  it('is never live, whatever it says', () => {
    expect(readSnapshot({ ...saved, live: true })).toMatchObject({ live: false });
  });

  it('is of the protocol that is known here', () => {
    expect(readSnapshot({ ...saved, protocol: 1 })).toContain('another version');
  });

  it('is of the size of a snapshot', () => {
    expect(readSnapshot({ ...saved, session: 'x'.repeat(300_000) })).toContain('too large');
  });

  it('is whole', () => {
    expect(readSnapshot({ ...saved, messages: [] })).toContain('cannot be read');
  });
});

import { describe, expect, it } from 'vitest';

import { whyNot } from '../snapshotData';

describe('what can be drawn', () => {
  it.each([[undefined], [null], ['text'], [[1, 2]], [{}]])('%j is no snapshot', data => {
    expect(whyNot(data)).toContain('no snapshot');
  });

  it('is a snapshot of this protocol', () => {
    expect(whyNot({ protocol: 1 })).toBeNull();
    expect(whyNot({ protocol: 2 })).toContain('another version');
  });

  it('is of the size of a snapshot', () => {
    expect(whyNot({ protocol: 1, graph: 'x'.repeat(300_000) })).toContain('too large');
  });
});

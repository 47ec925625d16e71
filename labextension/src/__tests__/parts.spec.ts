import { describe, expect, it, vi } from 'vitest';

import type { EdgeRow, FrameRow } from '../protocol';
import { axis } from '../render/axis';
import { List } from '../render/dom';
import { column } from '../render/lanes';
import { inTree } from '../render/tree';
import { xml } from '../render/xml';
import { snapshot } from './fixtures';

const frame = (key: number, parent: number, name: string, state = 'done'): FrameRow => ({
  key,
  conversation: 1,
  parent,
  depth: parent ? 1 : 0,
  name,
  type: 'Lookup',
  state,
  opened: key,
  closed: key + 1,
  spans: []
});

describe('the time axis', () => {
  it('grows in steps of 1, 2 and 5', () => {
    const lengths = [4, 900, 1001, 9_000, 17_000, 48_200, 60_000].map(to => axis(0, to, true).length);
    expect(lengths).toEqual([5, 1000, 2000, 10_000, 20_000, 50_000, 100_000]);
    expect(axis(0, 48_200, true).labels).toEqual(['0 s', '10', '20', '30', '40']);
    expect(axis(0, 8, true).labels).toEqual(['0 ms', '2', '4', '6', '8']);
    expect(axis(3, 20, false).labels).toEqual(['0', '4', '8', '12', '16']);
  });
});

describe('the graph in a column', () => {
  const { nodes, edges } = snapshot('research').graph;

  it('has every node in a place of its own, and none moves when something is sent', () => {
    const before = column(
      nodes,
      edges.filter(edge => edge.declared)
    ).boxes;
    expect(new Set([...before.values()].map(box => box.y)).size).toBe(nodes.length);
    const any = { ...edges.filter(edge => edge.sent)[0], from: 'console', declared: false, refused: 0 } as EdgeRow;
    const sent = nodes.map(({ key }) => ({ ...any, key: `console ${key}`, to: key }));
    const after = column(nodes, [...edges, ...sent]).boxes;
    expect(after).toEqual(before);
  });
});

describe('a list', () => {
  it('fades new rows in, but not where they come thick', () => {
    vi.useFakeTimers();
    const parent = document.createElement('ol');
    const list = new List(parent, () => ({ element: document.createElement('li'), update: () => undefined }));
    const fresh = (...keys: number[]) => {
      list.update(keys.map(key => ({ key })));
      list.settled();
      vi.advanceTimersByTime(100);
      return [...parent.children].map(each => each.classList.contains('fresh'));
    };
    expect(fresh(1)).toEqual([false]);
    vi.advanceTimersByTime(1000);
    expect(fresh(1, 2)).toEqual([false, true]);
    expect(fresh(1, 2, 3)).toEqual([false, true, false]);
    expect(fresh(3, 4)).toEqual([false, false]);
    vi.advanceTimersByTime(1000);
    expect(fresh(3, 4, 5, 6)).toEqual([false, false, true, true]);
    vi.useRealTimers();
  });
});

describe('the tree of frames', () => {
  const frames = [
    frame(1, 0, 'planner'),
    ...[2, 3, 4, 5].map(key => frame(key, 1, 'researcher')),
    frame(6, 5, 'critic')
  ];

  it('makes one row of many alike that are over', () => {
    const rows = inTree(frames);
    expect(rows.map(row => [row.key, row.alike.length, row.open])).toEqual([
      [1, 1, true],
      ['×2', 4, false]
    ]);
  });

  it('shows each of them where that row was opened', () => {
    expect(inTree(frames, new Set(['×2'])).map(row => row.key)).toEqual([1, '×2', 2, 3, 4, 5, 6]);
  });

  it('keeps apart what runs, what failed, and what others did', () => {
    const mixed = frames.map(each => (each.key === 3 ? frame(3, 1, 'researcher', 'waiting') : each));
    expect(inTree(mixed).map(row => row.key)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('hides what is below a frame that was closed', () => {
    expect(inTree(frames, new Set([1])).map(row => [row.key, row.open])).toEqual([[1, false]]);
  });
});

describe('xml', () => {
  const marked = (text: string, marks: [number, number][]) => [...xml(text, marks, 'bad').querySelectorAll('.bad')];

  it('underlines the places that it is told, and shows the whole text', () => {
    const shown = xml('<A>b & c</A>', [[5, 6]]);
    expect(shown.textContent).toBe('<A>b & c</A>');
    expect(shown.querySelector('.ch')?.textContent).toBe('&');
    expect([...shown.querySelectorAll('.t')].map(tag => tag.textContent)).toEqual(['<A>', '</A>']);
  });

  it('counts characters as the kernel does', () => {
    expect(marked('🎈🎈<A>x</A>', [[5, 6]]).map(mark => mark.textContent)).toEqual(['x']);
  });

  it('leaves out marks that are none', () => {
    expect(
      marked('<A/>', [
        [9, 12],
        [2, 1],
        [-3, -1]
      ])
    ).toEqual([]);
  });
});

describe('the graph in a column', () => {
  const { graph } = snapshot('research');
  const picture = column(graph.nodes, graph.edges);

  it('stands each node below one that sends to it', () => {
    const names = [...picture.boxes].sort(([, a], [, b]) => a.y - b.y).map(([name]) => name);
    expect(names.slice(0, 5)).toEqual(['console', 'planner', 'system.buffer', 'researcher', 'calculator']);
  });

  it('leads every edge inside of the picture, each long one in a lane of its own', () => {
    const lanes = [...picture.lines.values()].map(line => /^M92,[\d.]+H([\d.]+)/.exec(line.d)?.[1]).filter(Boolean);
    expect(picture.lines.size).toBe(graph.edges.length);
    expect(new Set(lanes).size).toBe(lanes.length);
    expect(Math.min(...lanes.map(Number))).toBeGreaterThan(0);
  });
});

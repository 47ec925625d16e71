import { describe, expect, it, vi } from 'vitest';

import type { EdgeRow, Snapshot } from '../protocol';
import { snapshot } from './fixtures';
import { stage, sure } from './stage';

const { draw, all, one } = stage();
const shown = snapshot('research');

/** The same graph with another edge, over which something was refused, and whose label stands at a place. */
function refused(x: number, y: number): Snapshot {
  const any = sure(shown.graph.edges.find(edge => edge.refused > 0));
  const edge: EdgeRow = { ...any, key: 'console → human', from: 'console', d: `M0,${y}L${x + 9},${y}`, x, y };
  return { ...shown, graph: { ...shown.graph, edges: [...shown.graph.edges, edge] } };
}

const label = () => all('.count text').at(-1)?.textContent;

describe('the labels of edges', () => {
  it('stand above all lines', () => {
    draw(shown);
    const kinds = all('.graph :is(.edge, .count)').map(each => each.classList[0]);
    expect(kinds).toEqual([...kinds].sort().reverse());
    expect(new Set(kinds)).toEqual(new Set(['edge', 'count']));
  });

  it('say why a send was refused where no node would cover the words, and only how many where one would', () => {
    const view = draw(refused(200, -40));
    expect(label()).toBe('1 refused: not a peer');
    const { x, y, w } = sure(shown.graph.nodes.find(node => node.key === 'human'));
    view.update(refused(x + w + 40, y + 20));
    expect(label()).toBe('1 refused');
  });
});

describe('a graph that is wider than the view', () => {
  it.each([
    [868, 861],
    [720, 861],
    [700, 296],
    [600, 296],
    [320, 296]
  ])('is in %i pixels drawn in %i: smaller while its words can be read, else as a column', (width, drawn) => {
    const wide = vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(width);
    draw(shown);
    expect(one('svg.graph').getAttribute('viewBox')).toMatch(new RegExp(`^0 0 ${drawn} `));
    expect(one('svg.graph').getAttribute('style')).not.toContain('min-width');
    wide.mockRestore();
  });
});

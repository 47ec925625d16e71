import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { isSnapshot } from '../protocol';
import { asOf, rangeOf } from '../render/replay';
import { actions } from './acting';
import { snapshot } from './fixtures';
import { stage } from './stage';

const { draw, all, one, button, tab, press } = stage();
const shown = snapshot('research');

describe('a conversation as of an earlier moment', () => {
  it('has a beginning and an end; one that is under way goes to now', () => {
    expect(rangeOf(shown, 1, 41_000)).toEqual([500, 12_000]);
    expect(rangeOf(shown, 3, 41_000)).toEqual([24_000, 41_000]);
    expect(rangeOf(shown, 99, 41_000)).toBeNull();
  });

  it('knows of nothing that came later', () => {
    const then = asOf(shown, 1, 5_000);
    expect(then.messages.rows.map(row => [row.type, row.state])).toEqual([
      ['Question', 'done'],
      ['Lookup', 'running']
    ]);
    expect(then.threads.frames.map(frame => [frame.name, frame.state])).toEqual([
      ['planner', 'waiting'],
      ['researcher', 'processing']
    ]);
    expect(then.threads.conversations.map(row => [row.key, row.state, row.ended])).toEqual([[1, 'running', null]]);
    expect(then.now).toBe(5_000);
  });

  it('shows who was at work and what had gone over each edge', () => {
    const node = (at: number, key: string) => asOf(shown, 1, at).graph.nodes.find(each => each.key === key);
    expect([1_000, 5_000, 11_000].map(at => node(at, 'planner')?.state)).toEqual([
      'processing',
      'waiting',
      'processing'
    ]);
    const edge = (at: number) => asOf(shown, 1, at).graph.edges.find(each => each.key === 'planner → researcher');
    expect([1_000, 5_000, 11_000].map(at => [edge(at)?.sent, edge(at)?.answered, edge(at)?.flying])).toEqual([
      [0, 0, 0],
      [1, 0, 1],
      [1, 1, 0]
    ]);
  });

  it('has no edge that came up later', () => {
    const keys = (conversation: number, at: number) => asOf(shown, conversation, at).graph.edges.map(each => each.key);
    expect(keys(1, 12_000)).not.toContain('researcher → human');
    expect(keys(3, 33_000)).not.toContain('researcher → human');
    expect(keys(3, 34_000)).toContain('researcher → human');
  });

  it('ends as the conversation did', () => {
    const end = asOf(shown, 1, 12_000);
    const own = (rows: readonly { conversation: number }[]) => rows.filter(row => row.conversation === 1);
    expect(end.messages.rows).toEqual(own(shown.messages.rows));
    expect(end.threads.frames).toEqual(own(shown.threads.frames));
  });

  it('is a snapshot at every moment, with counts that never fall below zero', () => {
    for (const name of ['research', 'questions', 'budgets', 'hostile']) {
      for (let at = 0; at <= 45_000; at += 500) {
        const then = asOf(snapshot(name), 3, at);
        expect(isSnapshot(then)).toBe(true);
        expect(then.graph.edges.every(edge => edge.sent >= 0 && edge.flying >= 0)).toBe(true);
      }
    }
  });
});

describe('the replay', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  const begin = () => {
    const acts = actions();
    const view = draw(shown, acts);
    tab('Threads');
    all('table tbody tr')
      .find(row => row.textContent?.startsWith('#1'))
      ?.click();
    button('Replay').focus();
    button('Replay').click();
    return { acts, view };
  };
  const time = () => one('.replay .muted').textContent;

  it('runs at 1, 4 or 16 times its speed, and stops at the end', () => {
    begin();
    expect(time()).toBe('0.0 s of 11.5 s');
    vi.advanceTimersByTime(1_000);
    expect(time()).toBe('1.0 s of 11.5 s');
    button('4 ×').click();
    vi.advanceTimersByTime(1_000);
    expect(time()).toBe('5.0 s of 11.5 s');
    button('16 ×').click();
    vi.advanceTimersByTime(1_000);
    expect(time()).toBe('11.5 s of 11.5 s');
    expect(one('.replay button').getAttribute('aria-label')).toBe('Play');
  });

  it('goes where it is dragged, and is seen in every tab', () => {
    begin();
    const slider = one('.replay input') as HTMLInputElement;
    slider.value = '4500';
    slider.dispatchEvent(new Event('input'));
    expect(all('.fall li b').map(each => each.textContent)).toEqual(['planner', 'researcher']);
    tab('Graph');
    expect(one('.node[data-key=researcher]').getAttribute('class')).toContain('processing');
    expect(one('[role=status]').textContent).toBe('replay');
  });

  it('does nothing to the organism, and gives way to what is now', () => {
    const { acts, view } = begin();
    press(one('.replay'), 's');
    expect(all('button[aria-label=End]')).toHaveLength(0);
    view.update({ ...shown, seq: shown.seq + 1 });
    expect(one('[role=status]').textContent).toBe('replay');
    button('End replay').click();
    expect(one('[role=status]').textContent).toBe('running');
    expect(acts.step).not.toHaveBeenCalled();
    expect(document.activeElement?.getAttribute('aria-label')).toBe('Replay');
  });

  it('ends with another start of the organism, and leaves no clock behind', () => {
    const { view } = begin();
    view.update({ ...shown, session: 'another' });
    expect(all('.replay')).toHaveLength(0);
    expect(one('[role=status]').textContent).toBe('running');
  });

  it('is not offered where no times are known', () => {
    draw(snapshot('saved'));
    tab('Threads');
    expect(all('button[aria-label=Replay]')).toHaveLength(0);
  });
});

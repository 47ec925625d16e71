import { describe, expect, it } from 'vitest';

import { elapsed, size, stateOf } from '../render/workers';
import { actions } from './acting';
import { snapshot } from './fixtures';
import { settled, stage } from './stage';

const { draw, all, one, tab, press } = stage();
const shown = snapshot('workers');
const row = { ...shown.workers.workers[0], began: 0, timeout: 60, state: 'busy' } as never;

describe('a worker', () => {
  it('is slow once it has used most of its time', () => {
    expect([47_900, 48_100].map(now => stateOf(row, now))).toEqual(['busy', 'slow']);
    expect(stateOf({ ...(row as object), timeout: null } as never, 1e9)).toBe('busy');
  });

  it('is told for how long it works, and of how much time', () => {
    expect(elapsed(row, 16_890)).toBe('16.8 of 60 s');
    expect(elapsed({ ...(row as object), timeout: null } as never, 75_900)).toBe('75 s');
    expect(elapsed({ ...(row as object), began: null } as never, 5)).toBe('–');
  });

  it('is told with its memory', () => {
    expect([212, 1400, null].map(size)).toEqual(['212 MB', '1.4 GB', '–']);
  });
});

describe('the Workers tab', () => {
  const cells = () => all('table.tall tbody tr').map(each => [...each.children].map(cell => cell.textContent));

  it('tells of each process what it does', () => {
    draw(shown);
    tab('Workers');
    expect(cells().map(each => each.slice(0, 2))).toEqual([
      ['4172', 'busy'],
      ['4173', 'slow'],
      ['4174', 'idle'],
      ['–', 'starting']
    ]);
    expect(cells()[0]?.slice(4, 7)).toEqual(['99 %', '212 MB', '14']);
    expect(one('.tabpanel .head').textContent).toBe('4 processes, 2 busy.');
    expect(one('[role=tab][aria-selected=true]').textContent).toBe('Workers4');
  });

  it('kills a busy one, and asks before', async () => {
    const acts = actions();
    draw(shown, acts);
    tab('Workers');
    expect(all('table.tall button')).toHaveLength(2);
    one('table.tall button').click();
    expect(acts.kill).not.toHaveBeenCalled();
    expect(one('table.tall button').textContent).toBe('Kill 4172?');
    acts.kill.mockResolvedValueOnce({ error: 'There is no worker 4172 any more.' });
    one('table.tall button').click();
    expect(acts.kill).toHaveBeenCalledWith(4172);
    await settled();
    expect(one('.wrong').textContent).toBe('There is no worker 4172 any more.');
  });

  it('marks in the other tabs what a worker works for', () => {
    draw(shown, actions());
    tab('Workers');
    one('table.tall tbody tr').click();
    tab('Graph');
    expect(one('.node[aria-pressed=true]').getAttribute('data-key')).toBe('calculator');
  });

  it('says how workers come to be while there are none', () => {
    draw(snapshot('research'));
    press(one('.node'), 'w');
    expect(one('.tabpanel .blank').textContent).toBe('No workers now. A cpu_bound handler starts them.');
  });
});

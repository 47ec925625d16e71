import { describe, expect, it } from 'vitest';

import { exhausted, percentOf, proposed, readCount, standings, wordsOf } from '../render/accounts';
import { flame } from '../render/flame';
import { actions } from './acting';
import { snapshot } from './fixtures';
import { settled, stage } from './stage';

const { draw, all, one, button, tab, press } = stage();
const shown = snapshot('budgets');
const words = () => all('.account .st').map(each => each.textContent);

describe('where a budget stands', () => {
  it('is said in words, with the hue that its threshold has', () => {
    expect(standings(shown).map(wordsOf)).toEqual([
      ['warn', 'fault', '100 %, waits for you'],
      ['warn', 'attention', '90 %, agent warned'],
      ['error', 'fault', 'failed'],
      ['done', 'idle', 'done']
    ]);
  });

  it('counts what is reserved, and is never rounded up to a threshold', () => {
    const account = { key: 1, limit: 1000, used: 700, reserved: 199 };
    expect(percentOf(account)).toBe(89);
    expect(percentOf({ ...account, limit: null })).toBeNull();
  });

  it('has attention from 75 % and is a fault from 95 %', () => {
    const hue = (used: number) =>
      wordsOf({ ...standing, account: { key: 1, limit: 100, used, reserved: 0, open: true } })[1];
    const standing = { key: 1, conversation: undefined, question: undefined };
    expect([74, 75, 94, 95, 100].map(hue)).toEqual(['running', 'attention', 'attention', 'fault', 'fault']);
  });

  it('is exhausted where somebody waits for more, or nothing is left of an open conversation', () => {
    expect(exhausted(shown)).toBe(1);
    expect(exhausted({ ...shown, questions: { total: 0, questions: [] } })).toBe(1);
    expect(exhausted(snapshot('research'))).toBe(0);
  });

  it('is raised by a share of six tenths, and by as much as is needed', () => {
    const [first] = standings(shown);
    expect(first && proposed(first)).toBe(80_000);
    const needs = { ...first?.question, needs: 90_000 } as never;
    expect(first && proposed({ ...first, question: needs })).toBe(90_000);
  });

  it('reads numbers as people write them', () => {
    expect(['80,000', '80 000', '80_000', "80'000"].map(readCount)).toEqual([80_000, 80_000, 80_000, 80_000]);
    expect(['', 'much', '-1', '1e9', '1'.repeat(16)].map(readCount)).toEqual([null, null, null, null, null]);
  });
});

describe('the picture of what frames have spent', () => {
  const of = (key: number) =>
    shown.budgets.accounts.find(row => row.key === key) ?? { key, limit: 0, used: 0, reserved: 0 };
  const frames = (key: number) => shown.threads.frames.filter(row => row.conversation === key);

  it('is as wide as all that is spent and reserved, and as deep as calls', () => {
    const pieces = flame(frames(3), of(3));
    expect(pieces.map(({ name, tokens, depth }) => [name, tokens, depth])).toEqual([
      ['planner', 41_200, 0],
      ['itself', 12_400, 1],
      ['researcher', 28_800, 1],
      ['itself', 21_400, 2],
      ['calculator', 7_400, 2],
      ['reserved', 4_000, 0]
    ]);
    const row = pieces.filter(({ depth }) => depth === 0);
    expect(row.reduce((sum, { w }) => sum + w, 0)).toBeCloseTo(100);
  });

  it('shows what was spent in frames that are not kept', () => {
    const pieces = flame(frames(3).slice(0, 1), of(3));
    expect(pieces.find(({ name }) => name === 'not kept')?.tokens).toBe(28_800);
  });

  it('is nothing where nothing was spent', () => {
    expect(flame(frames(3), { key: 3, limit: 1, used: 0, reserved: 0 })).toEqual([]);
  });

  it('puts nothing beside what it belongs to, however frames are given', () => {
    const ring = frames(3).map(frame => ({ ...frame, parent: frame.key }));
    expect(flame(ring, of(3)).every(({ x, w }) => x + w <= 100.01)).toBe(true);
  });
});

describe('the Budgets tab', () => {
  it('has a meter for each conversation, the newest first, what waits for a person on top', () => {
    draw(shown);
    tab('Budgets');
    expect(words()).toEqual(['100 %, waits for you', '90 %, agent warned', 'failed', 'done']);
    const meters = all('[role=meter]');
    expect(meters.map(meter => meter.getAttribute('aria-valuenow'))).toEqual(['100', '90', '4', '36']);
    expect(meters[1]?.getAttribute('aria-label')).toBe('#3, 41,200 used and 4,000 reserved of 50,000 tokens');
    expect(meters[1]?.getAttribute('style')).toBe('--u: 82.4%; --r: 8%');
  });

  it('marks the tab in red only while a budget is exhausted', () => {
    const view = draw(shown);
    expect(one('[role=tab] i.fault').textContent).toBe('! 1');
    view.update({
      ...shown,
      budgets: { ...shown.budgets, accounts: shown.budgets.accounts.slice(0, 3) },
      questions: { total: 0, questions: [] }
    });
    expect(one('[role=tab] i.fault').textContent).toBe('');
  });

  it('opens the row to raise by itself where somebody waits, and raises what is written there', async () => {
    const acts = actions();
    draw(shown, acts);
    tab('Budgets');
    const field = one('.raise input') as HTMLInputElement;
    expect(field.value).toBe('80,000');
    button('Raise and go on').click();
    expect(acts.raise).toHaveBeenCalledWith(4, 80_000);
    field.value = 'plenty';
    press(field, 'Enter');
    expect(one('.raise [role=alert]').textContent).toBe('Expected a number of tokens, found “plenty”.');
    expect(acts.raise).toHaveBeenCalledTimes(1);
    acts.raise.mockResolvedValueOnce({ error: '#4 may spend 50,000 tokens already' });
    field.value = '100';
    press(field, 'Enter');
    await settled();
    expect(one('.raise [role=alert]').textContent).toContain('#4 may spend 50,000 tokens already');
  });

  it('closes that row when the question is answered, and keeps what a person writes meanwhile', () => {
    const acts = actions();
    const view = draw(shown, acts);
    tab('Budgets');
    (one('.raise input') as HTMLInputElement).value = '77';
    view.update({ ...shown, seq: shown.seq + 1 });
    expect((one('.raise input') as HTMLInputElement).value).toBe('77');
    view.update({ ...shown, questions: { total: 0, questions: [] } });
    expect(all('.raise')).toHaveLength(0);
  });

  it('raises and ends what is under way, and asks before it ends', () => {
    const acts = actions();
    draw(shown, acts);
    tab('Budgets');
    const row = one('.account[data-key="3"]');
    const press_ = (label: string) => row.querySelector<HTMLElement>(`button[aria-label="${label}"]`)?.click();
    press_('Raise…');
    expect(document.activeElement).toBe(row.querySelector('input'));
    press_('End');
    expect(acts.end).not.toHaveBeenCalled();
    press_('End #3?');
    expect(acts.end).toHaveBeenCalledWith(3);
    expect(one('.account[data-key="1"]').querySelector('.acts')?.closest('[hidden]')).not.toBeNull();
  });

  it('shows the frames of the conversation that is chosen, and marks the same frame in Threads', () => {
    draw(shown);
    tab('Budgets');
    button('#3, by frame').click();
    const labels = all('.flame button').map(each => each.getAttribute('aria-label'));
    expect(labels).toContain('calculator, 7,400 tokens');
    button('calculator, 7,400 tokens').click();
    tab('Threads');
    expect(one('.fall [aria-selected=true] b').textContent).toBe('calculator');
  });

  it('only shows, without actions', () => {
    draw({ ...shown, live: false });
    tab('Budgets');
    expect(all('.account button:not(.pick), .raise')).toHaveLength(0);
    expect(words()).toHaveLength(4);
  });

  it('offers nothing while the kernel is gone', () => {
    const view = draw(shown, actions());
    tab('Budgets');
    expect(all('.raise, .acts')).not.toHaveLength(0);
    view.update({ ...shown, lost: '10:00:00' });
    expect(all('.raise, .acts')).toHaveLength(0);
  });

  it('moves nothing that somebody looks at when another conversation begins to spend', () => {
    const view = draw(shown);
    tab('Budgets');
    one('.pick').focus();
    const fresh = { key: 5, limit: 50_000, used: 10, reserved: 0, open: true };
    view.update({ ...shown, budgets: { ...shown.budgets, accounts: [...shown.budgets.accounts, fresh] } });
    expect(all('.pick').map(each => each.textContent)).toEqual(['#4', '#3', '#2', '#1']);
    expect(one('.more .btn').textContent).toBe('1 new');
  });

  it('says what to do while nothing is spent', () => {
    draw(snapshot('empty'));
    tab('Budgets');
    expect(one('.blank').textContent).toBe('No tokens spent yet. A handler books them: async with meta.tokens(…)');
  });

  it('opens with b', () => {
    draw(shown);
    press(one('[role=tab]'), 'b');
    expect(one('[role=tab][aria-selected=true]').textContent).toContain('Budgets');
  });

  it('says nothing of money, which nobody has told', () => {
    draw(shown, actions());
    tab('Budgets');
    expect(one('.xp-view').textContent).not.toContain('$');
  });
});

import { describe, expect, it } from 'vitest';

import { type Comm, Store } from '../model';
import type { Snapshot } from '../protocol';
import { actions } from './acting';
import { snapshot } from './fixtures';
import { settled, stage } from './stage';

const { root, draw, all, one, button, press } = stage();
const acting = () => actions({ text: '<Draft/>' });
const without = (shown: Snapshot): Snapshot => {
  const { held, holding, ...organism } = shown.organism;
  return held && holding ? { ...shown, organism } : shown;
};

describe('a message that is held', () => {
  it('is counted once: held at its node, neither queued there nor a question', () => {
    draw(snapshot('held'), acting());
    expect(one('.node[data-key=critic] .line').textContent).toMatch(/^held 1/);
    expect(one('.node[data-key=critic]').classList.contains('attention')).toBe(true);
    expect(one('.node[data-key=critic]').getAttribute('aria-label')).not.toMatch(/waiting|queue/);
    expect(all('.need')).toEqual([]);
  });

  it('is said in the frame line and below it, with the ways out', () => {
    draw(snapshot('held'), acting());
    expect(one('[role=status]').textContent).toBe('held at critic');
    expect(one('.nums').textContent).toContain('1 held');
    expect(one('.notice.held').textContent).toContain('planner → critic, Draft, ');
    expect(one('.notice.held').textContent).toContain('is held before its handler.');
    expect(button('Step').getAttribute('aria-disabled')).toBeNull();
  });

  it('is counted apart from what is queued while all is paused', () => {
    const shown = snapshot('held');
    draw({ ...shown, organism: { ...shown.organism, state: 'paused' } }, acting());
    expect(one('.nums').textContent).toBe('1 queued · 1 still running · 1 held');
  });

  it('is let go, dropped and stepped over by its key', () => {
    const acts = acting();
    draw(snapshot('held'), acts);
    button('Continue').click();
    button('Drop').click();
    button('Step').click();
    press(one('.node'), 's');
    expect(acts.release).toHaveBeenCalledWith(1);
    expect(acts.drop).toHaveBeenCalledWith(1);
    expect(acts.step).toHaveBeenCalledTimes(2);
  });

  it('is edited as text; what does not fit is said, and the text stays', async () => {
    const acts = acting();
    draw(snapshot('held'), acts);
    button('Edit…').click();
    await settled();
    const field = one('.notice.held textarea') as HTMLTextAreaElement;
    expect(field.value).toBe('<Draft/>');
    expect(document.activeElement).toBe(field);
    field.value = '<Draft><No/></Draft>';
    acts.edit.mockResolvedValueOnce({ error: 'Draft: unexpected <No>' });
    button('Continue with this').click();
    await settled();
    expect(acts.edit).toHaveBeenCalledWith(1, '<Draft><No/></Draft>');
    expect(one('.notice.held .wrong').textContent).toBe('Draft: unexpected <No>');
    expect(field.value).toBe('<Draft><No/></Draft>');
    press(field, 'Enter', { ctrlKey: true });
    expect(acts.edit).toHaveBeenCalledTimes(2);
    press(field, 'Escape');
    expect(all('.editor')).toEqual([]);
    expect(document.activeElement).toBe(button('Continue'));
  });

  it('keeps what somebody is writing while other things change', async () => {
    const shown = draw(snapshot('held'), acting());
    button('Edit…').click();
    await settled();
    const field = one('.notice.held textarea') as HTMLTextAreaElement;
    field.value = 'half';
    const next = snapshot('held');
    shown.update({ ...next, seq: 99, organism: { ...next.organism, holding: 3, flying: 7 } });
    expect(field.value).toBe('half');
    expect(one('.notice.held').textContent).toContain('2 more');
    shown.update(without(next));
    expect(all('.notice.held')).toEqual([]);
    expect(all('.editor')).toEqual([]);
  });

  it('cannot be decided without a kernel', () => {
    const shown = draw(snapshot('held'));
    expect(all('.notice.held button')).toEqual([]);
    shown.update({ ...snapshot('held'), lost: '14:03:19' });
    expect(all('.notice.held')).toEqual([]);
  });
});

describe('breakpoints', () => {
  it('are an octagon on the node, a number on the menu, and a line in it', () => {
    draw(snapshot('held'), acting());
    expect(all('.node').filter(node => node.querySelector('.bp svg'))).toEqual([one('.node[data-key=critic]')]);
    expect(one('.node[data-key=critic]').getAttribute('aria-label')).toContain('breakpoint');
    const opener = button('Breakpoints, 2 set');
    opener.click();
    expect(opener.getAttribute('aria-expanded')).toBe('true');
    const items = all('.menu .item');
    expect(items.map(item => item.textContent)).toContain('Lookup');
    expect(items.filter(item => item.getAttribute('aria-checked') === 'true').map(item => item.textContent)).toEqual([
      'critic',
      'Lookup'
    ]);
    expect(items.map(item => item.textContent)).not.toContain('console');
  });

  it('are set and taken back in the menu, by mouse and by keyboard', () => {
    const acts = acting();
    draw(snapshot('held'), acts);
    button('Breakpoints, 2 set').click();
    const [planner] = all('.menu .item');
    expect(document.activeElement).toBe(planner);
    planner?.click();
    expect(acts.breakpoint).toHaveBeenLastCalledWith({ listener: 'planner' }, true);
    press(planner ?? root(), 'End');
    press(document.activeElement ?? root(), 'Enter');
    expect(acts.breakpoint).toHaveBeenLastCalledWith({ payload: 'Lookup' }, false);
    press(document.activeElement ?? root(), 'Escape');
    expect(all('.menu')).toEqual([]);
    expect(document.activeElement).toBe(button('Breakpoints, 2 set'));
  });

  it('are set with b at the listener that has the focus, and in its details', () => {
    const acts = acting();
    const shown = draw(without(snapshot('held')), acts);
    press(one('.node[data-key=console]'), 'b');
    expect(acts.breakpoint).not.toHaveBeenCalled();
    press(one('.node[data-key=planner]'), 'b');
    expect(acts.breakpoint).toHaveBeenLastCalledWith({ listener: 'planner' }, true);
    one('.node[data-key=planner]').dispatchEvent(new MouseEvent('click', { bubbles: true }));
    const next = snapshot('held');
    const breakpoints = [{ listener: 'planner' }];
    shown.update({ ...next, organism: { ...next.organism, breakpoints } });
    button('Break no more').click();
    expect(acts.breakpoint).toHaveBeenLastCalledWith({ listener: 'planner' }, false);
  });
});

describe('a request', () => {
  it('is answered to whoever asked, and to nobody else', async () => {
    const sent: Record<string, unknown>[] = [];
    let receive: (content: unknown) => void = () => undefined;
    const lost: (() => void)[] = [];
    const comm: Comm = {
      send: content => void sent.push(content as Record<string, unknown>),
      on: (event, callback) => {
        if (event === 'msg:custom') {
          receive = callback;
        } else {
          lost.push(() => callback(null));
        }
      },
      off: () => undefined
    };
    const store = new Store(comm);
    const answer = store.actions.held(4);
    const { front, id } = sent.at(-1) ?? {};
    expect(sent.at(-1)).toMatchObject({ do: 'held', held: 4 });
    receive({ answer: { front: 'somebody else', id, text: 'wrong' } });
    receive({ answer: { front, id, text: '<A/>' } });
    expect(await answer).toEqual({ text: '<A/>' });
    const never = store.actions.drop(4);
    lost.forEach(lose => lose());
    expect(await never).toEqual({ error: 'The kernel does not answer any more.' });
  });
});

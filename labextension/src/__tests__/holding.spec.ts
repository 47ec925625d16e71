import { afterEach, beforeEach, describe, expect, it, type Mock, vi } from 'vitest';

import { type Comm, Store } from '../model';
import type { Snapshot } from '../protocol';
import { type Actions, drawView, type View } from '../render/view';
import { snapshot } from './fixtures';

const TOLD = ['pause', 'resume', 'step', 'stop', 'end', 'detail', 'visible'] as const;
const ASKED = ['breakpoint', 'held', 'release', 'drop', 'edit'] as const;
type Name = (typeof TOLD)[number] | (typeof ASKED)[number];

/** Actions that only note what a person did, and that nothing refuses. */
function actions(): Actions & Record<Name, Mock> {
  const told = TOLD.map(name => [name, vi.fn()]);
  const asked = ASKED.map(name => [name, vi.fn(() => Promise.resolve({ text: '<Draft/>' }))]);
  return Object.fromEntries([...told, ...asked]) as never;
}

let root: HTMLElement;
let view: View | null = null;

beforeEach(() => {
  root = document.createElement('div');
  document.body.append(root);
});

afterEach(() => {
  view?.dispose();
  root.remove();
});

function draw(shown: Snapshot, acts?: Actions): View {
  view = drawView(root, shown, acts);
  return view;
}

const all = (selector: string) => [...root.querySelectorAll<HTMLElement>(selector)];
const one = (selector: string) => {
  const found = root.querySelector<HTMLElement>(selector);
  if (!found) {
    throw new Error(`nothing is ${selector}`);
  }
  return found;
};
const button = (label: string) => one(`button[aria-label="${label}"]`);
const press = (target: Element, key: string, more: KeyboardEventInit = {}) =>
  target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more }));
const turn = () => new Promise(resolve => setTimeout(resolve));
const without = (shown: Snapshot): Snapshot => {
  const { held, holding, ...organism } = shown.organism;
  return held && holding ? { ...shown, organism } : shown;
};

describe('a message that is held', () => {
  it('is counted once: held at its node, neither queued there nor a question', () => {
    draw(snapshot('held'), actions());
    expect(one('.node[data-key=critic] .line').textContent).toMatch(/^held 1/);
    expect(one('.node[data-key=critic]').classList.contains('attention')).toBe(true);
    expect(one('.node[data-key=critic]').getAttribute('aria-label')).not.toMatch(/waiting|queue/);
    expect(one('.need').hidden).toBe(true);
  });

  it('is said in the frame line and below it, with the ways out', () => {
    draw(snapshot('held'), actions());
    expect(one('[role=status]').textContent).toBe('held at critic');
    expect(one('.nums').textContent).toContain('1 held');
    expect(one('.notice.held').textContent).toContain('planner → critic, Draft, ');
    expect(one('.notice.held').textContent).toContain('is held before its handler.');
    expect(button('Step').getAttribute('aria-disabled')).toBeNull();
  });

  it('is let go, dropped and stepped over by its key', () => {
    const acts = actions();
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
    const acts = actions();
    draw(snapshot('held'), acts);
    button('Edit…').click();
    await turn();
    const field = one('.notice.held textarea') as HTMLTextAreaElement;
    expect(field.value).toBe('<Draft/>');
    expect(document.activeElement).toBe(field);
    field.value = '<Draft><No/></Draft>';
    acts.edit.mockResolvedValueOnce({ error: 'Draft: unexpected <No>' });
    button('Continue with this').click();
    await turn();
    expect(acts.edit).toHaveBeenCalledWith(1, '<Draft><No/></Draft>');
    expect(one('.notice.held .wrong').textContent).toBe('Draft: unexpected <No>');
    expect(field.value).toBe('<Draft><No/></Draft>');
    press(field, 'Enter', { ctrlKey: true });
    expect(acts.edit).toHaveBeenCalledTimes(2);
    press(field, 'Escape');
    expect(one('.editor').hidden).toBe(true);
    expect(document.activeElement).toBe(button('Continue'));
  });

  it('keeps what somebody is writing while other things change', async () => {
    const shown = draw(snapshot('held'), actions());
    button('Edit…').click();
    await turn();
    const field = one('.notice.held textarea') as HTMLTextAreaElement;
    field.value = 'half';
    const next = snapshot('held');
    shown.update({ ...next, seq: 99, organism: { ...next.organism, holding: 3, flying: 7 } });
    expect(field.value).toBe('half');
    expect(one('.notice.held').textContent).toContain('2 more');
    shown.update(without(next));
    expect(one('.notice.held').hidden).toBe(true);
    expect(one('.editor').hidden).toBe(true);
  });

  it('cannot be decided without a kernel', () => {
    const shown = draw(snapshot('held'));
    expect(all('.notice.held button')).toEqual([]);
    shown.update({ ...snapshot('held'), lost: '14:03:19' });
    expect(one('.notice.held').hidden).toBe(true);
  });
});

describe('breakpoints', () => {
  it('are an octagon on the node, a number on the menu, and a line in it', () => {
    draw(snapshot('held'), actions());
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
    const acts = actions();
    draw(snapshot('held'), acts);
    button('Breakpoints, 2 set').click();
    const [planner] = all('.menu .item');
    expect(document.activeElement).toBe(planner);
    planner?.click();
    expect(acts.breakpoint).toHaveBeenLastCalledWith({ listener: 'planner' }, true);
    press(planner ?? root, 'End');
    press(document.activeElement ?? root, 'Enter');
    expect(acts.breakpoint).toHaveBeenLastCalledWith({ payload: 'Lookup' }, false);
    press(document.activeElement ?? root, 'Escape');
    expect(one('.menu').hidden).toBe(true);
    expect(document.activeElement).toBe(button('Breakpoints, 2 set'));
  });

  it('are set with b at the listener that has the focus, and in its details', () => {
    const acts = actions();
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

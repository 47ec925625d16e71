import { afterEach, beforeEach, describe, expect, it, type Mock, vi } from 'vitest';

import { type FormData, isFormData } from '../formData';
import type { Comm } from '../model';
import { quickly } from '../render/editor';
import { drawForm, type FormActions } from '../render/form';
import { LISTENS, WISH, type Wish } from '../render/host';
import widget from '../widget';
import { fixture } from './fixtures';

const DATA = fixture('form') as unknown as FormData;

let root: HTMLElement;

beforeEach(() => {
  vi.useFakeTimers();
  root = document.createElement('div');
  document.body.append(root);
});

afterEach(() => {
  vi.useRealTimers();
  root.remove();
});

type Asked = FormActions & { check: Mock; send: Mock };

function actions(errors: Record<string, string> = {}): Asked {
  return {
    check: vi.fn(() => Promise.resolve({ errors })),
    send: vi.fn(() => Promise.resolve({ errors }))
  };
}

const all = (selector: string) => [...root.querySelectorAll<HTMLElement>(selector)];
const sure = <T>(value: T | null | undefined): T => {
  if (value === null || value === undefined) {
    throw new Error('it is not there');
  }
  return value;
};
const named = (label: string) => sure(root.querySelector<HTMLInputElement>(`[aria-label="${label}"]`));
const how = (field: string) => named(`How ${field} is there`) as unknown as HTMLSelectElement;
const press = (label: string) => named(label).click();

function write(label: string, text: string): void {
  const control = named(label);
  control.value = text;
  control.dispatchEvent(new Event('input', { bubbles: true }));
}

function choose(select: HTMLElement, value: string): void {
  (select as HTMLSelectElement).value = value;
  select.dispatchEvent(new Event('change', { bubbles: true }));
}

async function settled(): Promise<void> {
  await vi.advanceTimersByTimeAsync(400);
}

describe('what the kernel says of a form', () => {
  it('is a form when it is whole', () => {
    expect(isFormData(DATA)).toBe(true);
  });

  it('is none when a class is missing, or a kind unknown', () => {
    expect(isFormData({ ...DATA, roots: ['Nobody'] })).toBe(false);
    expect(isFormData({ ...DATA, roots: ['toString'] })).toBe(false);
    const fields = [{ name: 'x', node: { kind: 'rocket' }, modes: ['given'] }];
    expect(isFormData({ ...DATA, roots: ['A'], classes: { A: { doc: '', fields } } })).toBe(false);
    expect(isFormData(null)).toBe(false);
  });
});

describe('a form', () => {
  it('has a row for each field, with what stands there at first', () => {
    drawForm(root, DATA, actions());
    const names = all('.form-main > div > .form-class > .form-field > .label > code').map(each => each.textContent);
    expect(names).toEqual(sure(DATA.classes['Order']).fields.map(field => field.name));
    expect(how('count').value).toBe('default');
    expect([...how('count').options].map(option => option.textContent)).toEqual(['default: 1', 'given']);
    expect(root.textContent).toContain('at least 1 long, at most 20 long');
  });

  it('gives only what is given, as texts', async () => {
    const acts = actions();
    drawForm(root, DATA, acts);
    write('item', 'tea');
    choose(how('count'), 'given');
    expect(named('count').value).toBe('1');
    write('count', '3');
    choose(how('size'), 'given');
    choose(named('size'), 'large');
    choose(how('tags'), 'given');
    press('Add to tags');
    write('tags, item', 'hot');
    press('Send');
    await settled();
    expect(acts.send).toHaveBeenCalledWith('Order', {
      item: 'tea',
      count: '3',
      size: 'large',
      note: null,
      tags: ['hot'],
      prices: null,
      branch: null
    });
  });

  it('fills in what holds others: a union, a nested list, pairs', async () => {
    const acts = actions();
    drawForm(root, DATA, acts);
    choose(how('branch'), 'given');
    choose(named('Class of branch'), 'Twig');
    choose(how('leaves'), 'given');
    press('Add to leaves');
    write('name', 'oak');
    choose(how('prices'), 'given');
    press('Add to prices');
    write('prices, key', 'pot');
    write('prices, item', '2.5');
    press('Send');
    await settled();
    const [, values] = sure(acts.send.mock.calls[0]);
    expect(values).toMatchObject({
      prices: [['pot', '2.5']],
      branch: { class: 'Twig', value: { leaves: [{ name: 'oak' }], next: null } }
    });
    press('Remove');
    press('Send');
    await settled();
    expect(sure(acts.send.mock.calls[1])[1]).not.toMatchObject({ prices: [['pot', '2.5']] });
  });

  it('is checked by the kernel once nobody writes, and at once as far as that goes', async () => {
    const acts = actions({ count: 'expected less than 100, got 100', item: 'is missing' });
    drawForm(root, DATA, acts);
    choose(how('count'), 'given');
    write('count', 'x');
    expect(root.textContent).toContain("expected int, got 'x'");
    write('count', '100');
    expect(root.textContent).toContain('expected less than 100, got 100');
    write('count', '7');
    expect(root.textContent).not.toContain('expected');
    expect(acts.check).not.toHaveBeenCalled();
    await settled();
    expect(acts.check).toHaveBeenCalledOnce();
    expect(root.textContent).toContain('expected less than 100, got 100');
    expect(root.textContent).not.toContain('is missing');
  });

  it('says all that is wrong when it is sent, and puts the focus there', async () => {
    drawForm(root, DATA, actions({ item: 'expected at least 1 characters, got 0' }));
    press('Send');
    await settled();
    expect(document.activeElement).toBe(named('item'));
    expect(named('item').getAttribute('aria-invalid')).toBe('true');
    expect(root.textContent).toContain('1 to put right. Nothing was sent.');
  });

  it('offers the cell where no notebook listens, and writes it where one does', async () => {
    const acts = actions();
    const done = Promise.resolve({ state: 'done', text: "Shout(text='TEA')" });
    acts.send.mockImplementation(() =>
      Promise.resolve({ errors: {}, sent: '#3', cell: '%%inject shop\n<Order/>', done })
    );
    drawForm(root, DATA, acts);
    press('Send');
    await settled();
    expect(root.querySelector('.told')?.textContent).toContain('%%inject shop\n<Order/>');
    expect(root.querySelector('[role=status]')?.textContent).toBe('#3 done');
    expect(root.querySelector('.told pre')?.textContent).toBe("Shout(text='TEA')");
    const heard: Wish[] = [];
    root.setAttribute(LISTENS, '');
    root.addEventListener(WISH, event => heard.push((event as CustomEvent<Wish>).detail));
    press('Send');
    await settled();
    expect(heard).toEqual([{ insert: '%%inject shop\n<Order/>' }]);
    expect(root.querySelector('.told')?.textContent).not.toContain('%%inject');
  });

  it('lets no key reach the notebook', () => {
    const heard = vi.fn();
    root.addEventListener('keydown', heard);
    drawForm(root, DATA, actions());
    named('item').dispatchEvent(new KeyboardEvent('keydown', { key: 'd', bubbles: true }));
    expect(heard).not.toHaveBeenCalled();
  });

  it('shows whatever it is given as text', () => {
    const hostile = '<img src=x onerror=alert(1)>';
    const fields = [{ name: hostile, node: { kind: 'text' as const }, modes: ['given' as const], doc: hostile }];
    drawForm(
      root,
      { organism: hostile, listener: hostile, roots: ['A'], classes: { A: { doc: hostile, fields } } },
      actions()
    );
    expect(root.querySelector('img')).toBeNull();
    expect(root.textContent).toContain(hostile);
  });
});

describe('a check without a schema', () => {
  it.each([
    [{ kind: 'whole' as const }, ' +12 ', undefined],
    [{ kind: 'whole' as const }, '1.5', "expected int, got '1.5'"],
    [{ kind: 'number' as const, type: 'float' }, '-INF', undefined],
    [{ kind: 'number' as const, type: 'float' }, '1e-7', undefined],
    [{ kind: 'number' as const, type: 'float', above: '0.0' }, '0', 'expected more than 0.0, got 0'],
    [{ kind: 'whole' as const, max: '9' }, '10', 'expected at most 9, got 10'],
    [{ kind: 'text' as const }, 'anything', undefined]
  ])('%o takes %s', (node, text, wrong) => {
    expect(quickly(node, text)).toBe(wrong);
  });
});

describe('the widget of a form', () => {
  it('asks over the comm, takes the answers that are for it, and says when nothing answers', async () => {
    const sent: Record<string, unknown>[] = [];
    const heard = new Map<string, (content: unknown) => void>();
    const comm: Comm = {
      get: name => (name === 'kind' ? 'form' : null),
      send: content => void sent.push(content as Record<string, unknown>),
      on: (event, callback) => void heard.set(event, callback),
      off: event => void heard.delete(event)
    };
    const receive = (content: unknown) => heard.get('msg:custom')?.(content);
    const leave = widget.render({ model: comm, el: root });
    expect(sent[0]).toMatchObject({ do: 'hello' });
    receive({ form: DATA });
    press('Send');
    const asked = sure(sent.at(-1));
    expect(asked).toMatchObject({ do: 'send', root: 'Order' });
    receive({ answer: { front: 'another', id: asked['id'], sent: '#1', cell: 'x' } });
    receive({ answer: { front: asked['front'], id: asked['id'], sent: '#2', cell: '%%inject shop' } });
    await settled();
    expect(root.querySelector('[role=status]')?.textContent).toBe('sent as #2');
    receive({ done: { front: asked['front'], id: asked['id'], state: 'failed', text: 'no' } });
    await settled();
    expect(root.querySelector('[role=status]')?.textContent).toBe('#2 failed');
    heard.get('comm:close')?.(null);
    expect(named('Send').getAttribute('aria-disabled')).toBe('true');
    leave();
    expect(root.childElementCount).toBe(0);
  });
});

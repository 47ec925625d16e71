import { describe, expect, it, vi } from 'vitest';

import type { Snapshot } from '../protocol';
import { LISTENS, WISH, type Wish } from '../render/host';
import { drawView } from '../render/view';
import { actions } from './acting';
import { snapshot } from './fixtures';
import { stage, sure } from './stage';

const CONTRACT = {
  kind: 'agent',
  description: '',
  accepts: ['Lookup'],
  answers: [],
  peers: null,
  handler: 'look_up',
  example: '<Lookup/>',
  xsd: '',
  prompt: ''
};

const { root, draw, all, one, button, tab, press } = stage();
const nextFrame = () => new Promise(requestAnimationFrame);
const withMore = (more: number): Snapshot => {
  const shown = snapshot('research');
  const last = sure(shown.messages.rows.at(-1));
  const rows = Array.from({ length: more }, (_, at) => ({ ...last, key: last.key + at + 1 }));
  return { ...shown, messages: { ...shown.messages, rows: [...shown.messages.rows, ...rows] } };
};
const place = (node: Element) => ['x', 'y', 'width'].map(name => node.querySelector('.box')?.getAttribute(name));

describe('the frame line', () => {
  it('says name, state and how much is in flight', () => {
    draw(snapshot('research'));
    expect(one('.title').textContent).toBe('research');
    expect(one('[role=status]').textContent).toBe('running');
    expect(one('.nums').textContent).toContain('4 in flight');
  });

  it('has no controls without actions', () => {
    draw(snapshot('saved'));
    expect(all('.controls')).toEqual([]);
    expect(one('[role=status]').textContent).toBe('running when saved');
  });

  it('pauses, resumes and steps; a step is only for what is paused', () => {
    const acts = actions();
    const view = draw(snapshot('research'), acts);
    button('Step').click();
    button('Pause').click();
    expect(acts.step).not.toHaveBeenCalled();
    expect(acts.pause).toHaveBeenCalledOnce();
    view.update(snapshot('paused'));
    expect(one('.nums').textContent).toBe('1 queued · 1 still running');
    button('Step').click();
    button('Resume').click();
    expect(acts.step).toHaveBeenCalledOnce();
    expect(acts.resume).toHaveBeenCalledOnce();
  });

  it('asks once, in place, before it stops', () => {
    const acts = actions();
    draw(snapshot('research'), acts);
    button('Stop').click();
    expect(acts.stop).not.toHaveBeenCalled();
    button('Stop research?').click();
    expect(acts.stop).toHaveBeenCalledOnce();
  });
});

describe('the frame line in its other states', () => {
  it('says that the kernel is gone, and when it was heard last', () => {
    const view = draw(snapshot('research'), actions());
    view.update({ ...snapshot('research'), lost: '14:03:19' });
    expect(one('[role=status]').textContent).toBe('kernel gone');
    expect(one('.notice').textContent).toBe('Last state, 14:03:19. Run the %%organism cell to start again.');
    expect(one('.notice code').textContent).toBe('%%organism');
    expect(all('.controls')).toEqual([]);
    expect(all('.node').length).toBeGreaterThan(1);
  });

  it('says what is the matter with the store, until it is back', () => {
    const now = snapshot('research');
    const store = 'Redis does not answer. What happens meanwhile is written once it is back.';
    const shown = draw({ ...now, organism: { ...now.organism, store } }, actions());
    expect(one('.notice').textContent).toBe(store);
    shown.update(now);
    expect(all('.notice')).toEqual([]);
  });

  it('says who holds the loop, in one line, and where a notebook listens its cell is a click away', () => {
    root().setAttribute(LISTENS, '');
    const wishes: Wish[] = [];
    root().addEventListener(WISH, event => wishes.push((event as CustomEvent<Wish>).detail));
    const blocked = 'critic holds the event loop (cell 6, line 4). Make it a plain def.';
    draw({ ...snapshot('research'), blocked }, actions());
    expect(one('[role=status]').textContent).toBe('loop blocked');
    expect(one('[role=alert] span').textContent).toBe(blocked);
    expect(one('[role=alert] b').textContent).toBe('critic');
    expect(one('[role=alert] code').textContent).toBe('def');
    button('Show cell 6').click();
    expect(wishes).toEqual([{ show: 6 }]);
  });
});

describe('the graph', () => {
  it('draws every listener with kind and state, and every edge with its traffic', () => {
    draw(snapshot('research'));
    expect(all('.node').map(node => node.getAttribute('aria-label'))).toContain(
      'researcher, agent, waiting 2, queue 1'
    );
    expect(all('.count text').map(text => text.textContent)).toContain('3→ 1←');
    expect(all('.edge.refused')).toHaveLength(1);
  });

  it('keeps every node where it is and the same element, whatever is updated', () => {
    const view = draw(snapshot('research'));
    const before = all('.node');
    const boxes = before.map(place);
    view.update({ ...snapshot('research'), seq: 99 });
    expect(all('.node')).toEqual(before);
    expect(all('.node').map(place)).toEqual(boxes);
  });

  it('opens the contract of a listener and closes it with Escape, giving the focus back', () => {
    const acts = actions();
    const view = draw(snapshot('research'), acts);
    const node = one('.node[data-key=researcher]');
    press(node, 'Enter');
    expect(acts.detail).toHaveBeenCalledWith('listeners', 'researcher');
    const detail = {
      kind: 'agent',
      description: 'finds',
      accepts: ['Lookup'],
      answers: [],
      peers: ['calculator'],
      handler: 'look_up',
      example: '<Lookup/>',
      xsd: '<schema/>',
      prompt: 'a\nb\nc\nd\ne'
    };
    view.update({ ...snapshot('research'), details: { listeners: { researcher: detail } } });
    expect(one('.drawer').textContent).toContain('calculator');
    expect(one('.drawer pre').textContent).toBe('<Lookup/>');
    press(one('.drawer'), 'Escape');
    expect(all('aside')).toEqual([]);
    expect(document.activeElement).toBe(node);
  });

  it('says for whom a listener waits, and where its handler stands', () => {
    const detail = { ...CONTRACT, handler: 'look_up, line 3', cell: 4 };
    draw({ ...snapshot('research'), details: { listeners: { planner: detail } } }, actions());
    press(one('.node[data-key=planner]'), 'Enter');
    expect(one('aside .st').textContent).toMatch(/^waiting for researcher, \d+\.\d s$/);
    expect(one('.drawer').textContent).toContain('look_up, cell 4, line 3');
  });

  it('writes a cell with the example where a notebook listens; else it offers the text', () => {
    const shown = { ...snapshot('research'), details: { listeners: { planner: CONTRACT } } };
    draw(shown, actions());
    press(one('.node[data-key=planner]'), 'Enter');
    expect(button('Copy as a cell')).toBeTruthy();
    root().replaceChildren();
    root().setAttribute(LISTENS, '');
    const wishes: Wish[] = [];
    root().addEventListener(WISH, event => wishes.push((event as CustomEvent<Wish>).detail));
    draw(shown, actions());
    press(one('.node[data-key=planner]'), 'Enter');
    button('Inject this…').click();
    expect(wishes).toEqual([{ insert: '%%inject research/planner\n<Lookup/>' }]);
  });

  it('says when a listener that failed is called again', () => {
    const shown = snapshot('research');
    const nodes = shown.graph.nodes.map(node =>
      node.key === 'critic' ? { ...node, state: 'error' as const, waiting: 1, retry: 43_000 } : node
    );
    draw({ ...shown, now: 40_500, graph: { ...shown.graph, nodes } });
    expect(one('.node[data-key=critic] .line').textContent).toBe('error, retry in 3 s');
  });

  it('is one stop of the tab key; arrows follow the edges', () => {
    draw(snapshot('research'));
    const reachable = all('.node[tabindex="0"]');
    expect(reachable).toHaveLength(1);
    const planner = one('.node[data-key=planner]');
    planner.focus();
    press(planner, 'ArrowRight');
    expect(['system.buffer', 'researcher', 'critic', 'human']).toContain(
      document.activeElement?.getAttribute('data-key')
    );
    press(sure(document.activeElement), 'ArrowLeft');
    expect(document.activeElement?.getAttribute('data-key')).toBe('planner');
    expect(all('.node[tabindex="0"]')).toEqual([planner]);
  });
});

describe('threads', () => {
  it('lists conversations, the newest first, and the frames of one', () => {
    draw(snapshot('research'));
    tab('Threads');
    expect(all('[aria-label=Conversations] tbody td:first-child').map(cell => cell.textContent)).toEqual([
      '#3',
      '#2',
      '#1'
    ]);
    expect(all('.fall li b').map(name => name.textContent)).toEqual([
      'planner',
      'researcher',
      'calculator',
      'researcher'
    ]);
    press(sure(all('tbody tr')[1]), 'Enter');
    expect(one('.split h3').textContent).toBe('#2');
    expect(one('.fall em').textContent).toBe('timeout, 2 attempts');
  });

  it('draws the sequence of the frame that is selected, refused sends included', () => {
    draw(snapshot('research'));
    tab('Threads');
    press(sure(all('.fall li')[1]), 'Enter');
    expect(one('.seq svg').getAttribute('aria-label')).toContain('Approve is refused from researcher to human');
  });

  it('hides pruned frames', () => {
    draw(snapshot('research'));
    tab('Threads');
    press(sure(all('tbody tr')[2]), 'Enter');
    expect(all('.fall li')).toHaveLength(2);
    button('Pruned frames, 2').click();
    expect(all('.fall li')).toHaveLength(0);
  });

  it('closes and opens what is below a frame', () => {
    draw(snapshot('research'));
    tab('Threads');
    const row = sure(all('.fall li')[1]);
    row.focus();
    expect(row.getAttribute('aria-expanded')).toBe('true');
    press(row, 'ArrowLeft');
    expect(row.getAttribute('aria-expanded')).toBe('false');
    expect(all('.fall li')).toHaveLength(3);
    expect(document.activeElement).toBe(row);
    press(row, 'ArrowRight');
    expect(all('.fall li')).toHaveLength(4);
    press(row, 'ArrowRight');
    expect(document.activeElement?.textContent).toContain('calculator');
    press(sure(document.activeElement), 'ArrowLeft');
    expect(document.activeElement).toBe(row);
  });

  it('says which cell began a conversation', () => {
    draw(snapshot('research'));
    tab('Threads');
    expect(all('td.cell').map(cell => cell.textContent)).toEqual(['[7]', '', '']);
  });

  it('lets new conversations wait while one is chosen', () => {
    const shown = snapshot('research');
    const [first] = shown.threads.conversations;
    const view = draw(shown);
    tab('Threads');
    press(sure(all('tbody tr')[1]), 'Enter');
    const conversations = [...shown.threads.conversations, { ...sure(first), key: 4 }, { ...sure(first), key: 5 }];
    view.update({ ...shown, threads: { ...shown.threads, conversations } });
    const ids = () => all('[aria-label=Conversations] tbody td:first-child').map(cell => cell.textContent);
    expect(ids()).toEqual(['#3', '#2', '#1']);
    sure(all('.more.top button').find(each => each.textContent === '2 new')).click();
    expect(ids()).toEqual(['#5', '#4', '#3', '#2', '#1']);
    expect(one('.split h3').textContent).toBe('#2');
  });

  it('ask the browser for no layout while they are drawn', () => {
    const view = draw(snapshot('research'));
    tab('Threads');
    const scrolled = vi.spyOn(Element.prototype, 'scrollTop', 'get');
    view.update({ ...snapshot('research'), seq: 99 });
    expect(scrolled).not.toHaveBeenCalled();
    scrolled.mockRestore();
  });

  it('ends a conversation that is open, after asking', () => {
    const acts = actions();
    draw(snapshot('research'), acts);
    tab('Threads');
    button('End').click();
    button('End #3?').click();
    expect(acts.end).toHaveBeenCalledWith(3);
  });

  it('counts steps where no times were saved', () => {
    draw(snapshot('saved'));
    tab('Threads');
    expect(one('.axis').textContent).not.toContain('s');
    expect(
      all('[aria-label=Conversations] tbody .num:not(.cell)').every(cell => /^[\d,]+$/.test(cell.textContent ?? ''))
    ).toBe(true);
  });
});

describe('messages', () => {
  it('filters by text, listener, type, conversation and state', () => {
    draw(snapshot('research'));
    tab('Messages');
    const shown = (filter: string) => {
      const field = one('input[type=search]') as HTMLInputElement;
      field.value = filter;
      field.dispatchEvent(new Event('input'));
      return all('.msgs tbody tr').length;
    };
    expect(shown('')).toBe(12);
    expect(shown('type:Lookup')).toBe(3);
    expect(shown('from:planner in:#3')).toBe(3);
    expect(shown('state:refused')).toBe(1);
    expect(shown('timeout')).toBe(1);
    expect(shown('type:Lokup')).toBe(0);
    expect(one('[role=tabpanel]:not([hidden]) .blank:not([hidden])').textContent).toContain('Nearest type: Lookup.');
  });

  it('shows where a message was refused, why, and its XML at each stage', () => {
    draw(snapshot('research'));
    tab('Messages');
    press(sure(all('.msgs tbody tr').at(-1)), 'Enter');
    expect(one('.steps [aria-current]').textContent).toBe('payload');
    expect(one('.why').textContent).toContain("got 'high'");
    expect(one('.passage pre').textContent).toContain('<Confidence>high</Confidence>');
    expect(all('.passage .bad').map(mark => mark.textContent)).toEqual(['high']);
  });

  it('marks what was repaired', () => {
    draw(snapshot('research'));
    tab('Messages');
    press(sure(all('.msgs tbody tr').find(row => row.textContent?.includes('95'))), 'Enter');
    expect(one('.steps [aria-current]').textContent).toBe('repaired');
    expect(one('.why').textContent).toBe('2 repairs: removed a Markdown fence; escaped & at line 2, column 32.');
    expect(all('.passage .ch').map(mark => mark.textContent)).toEqual(['&amp;']);
    sure(all('.steps button').find(stage => stage.textContent === 'raw')).click();
    expect(all('.passage .ch').map(mark => mark.textContent)).toEqual(['```xml', '&', '```']);
  });

  it('keeps the stage that was chosen, and the focus on it, when the message changes', () => {
    const shown = snapshot('research');
    const view = draw(shown);
    tab('Messages');
    const row = sure(shown.messages.rows.find(each => each.state === 'running'));
    press(one(`.msgs tr[data-key="${row.key}"]`), 'Enter');
    sure(all('.steps button').find(stage => stage.textContent === 'envelope')).click();
    const rows = shown.messages.rows.map(each => (each === row ? { ...row, state: 'done' } : each));
    view.update({ ...shown, messages: { ...shown.messages, rows } });
    expect(one('.steps [aria-current]').textContent).toBe('envelope');
    expect(document.activeElement?.textContent).toBe('envelope');
  });

  it('ask the browser for no layout while they are drawn: where the end is, they look once a frame', async () => {
    const height = vi.spyOn(Element.prototype, 'scrollHeight', 'get').mockReturnValue(500);
    const view = draw(snapshot('research'));
    tab('Messages');
    await nextFrame();
    height.mockClear();
    view.update(withMore(1));
    view.update(withMore(2));
    expect(height).not.toHaveBeenCalled();
    await nextFrame();
    expect(height).toHaveBeenCalledOnce();
    expect(sure(one('.msgs').parentElement).scrollTop).toBe(500);
    height.mockRestore();
  });

  it('are followed also where rows came before the page has told that it scrolled', async () => {
    const height = vi.spyOn(Element.prototype, 'scrollHeight', 'get').mockReturnValue(500);
    const view = draw(snapshot('research'));
    tab('Messages');
    await nextFrame();
    height.mockReturnValue(900);
    view.update(withMore(2));
    sure(one('.msgs').parentElement).dispatchEvent(new Event('scroll'));
    await nextFrame();
    expect(sure(one('.msgs').parentElement).scrollTop).toBe(900);
    height.mockRestore();
  });

  it('wait below while somebody looks at earlier ones', async () => {
    const height = vi.spyOn(Element.prototype, 'scrollHeight', 'get').mockReturnValue(500);
    const view = draw(snapshot('research'));
    tab('Messages');
    await nextFrame();
    const rows = sure(one('.msgs').parentElement);
    rows.scrollTop = 0;
    rows.dispatchEvent(new Event('scroll'));
    view.update(withMore(2));
    await nextFrame();
    expect(rows.scrollTop).toBe(0);
    one('.more button').click();
    await nextFrame();
    expect(rows.scrollTop).toBe(500);
    expect(all('.more')).toEqual([]);
    height.mockRestore();
  });

  it('says what to do where there are none', () => {
    draw(snapshot('empty'));
    tab('Messages');
    expect(one('[role=tabpanel]:not([hidden]) .blank:not([hidden])').textContent).toContain(
      'No messages yet. Send one: %inject'
    );
  });
});

describe('whatever it is given', () => {
  it('shows hostile texts as texts', () => {
    draw(snapshot('hostile'), actions());
    for (const name of ['Graph', 'Threads', 'Messages']) {
      tab(name);
    }
    press(sure(all('.msgs tbody tr')[0]), 'Enter');
    expect(all('script, img, iframe, a, [onerror], [onload], b:not(.nums b, .fall b)')).toEqual([]);
    expect(root().textContent).toContain('<script>alert(1)</script>');
    expect(root().textContent).not.toContain('\u202e');
    expect(root().textContent).not.toContain('\u0000');
  });

  it.each(['crowd', 'empty', 'hostile', 'paused', 'research', 'saved'])('draws every tab of %s.json', name => {
    const failed = vi.spyOn(console, 'error');
    draw(snapshot(name), actions());
    ['Graph', 'Threads', 'Messages'].forEach(tab);
    expect(failed).not.toHaveBeenCalled();
    expect(all('.failed')).toEqual([]);
  });

  it('says what shows the same as text when a part of the drawing fails, and the rest goes on', () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const shown = snapshot('research');
    const broken = [null] as never;
    draw({ ...shown, threads: { ...shown.threads, conversations: broken } });
    tab('Threads');
    expect(one('.failed').textContent).toBe('This part of the view failed; %organism threads shows the same as text.');
    tab('Messages');
    expect(all('.msgs tbody tr')).toHaveLength(12);
  });

  it('has a height that keys change', () => {
    draw(snapshot('research'));
    const grip = one('.grip');
    expect(grip.getAttribute('role')).toBe('separator');
    press(grip, 'ArrowDown');
    expect(grip.getAttribute('aria-valuenow')).toBe('96');
    expect(one('.room').style.height).toBe('96px');
  });

  it('keeps the focus through updates', () => {
    const view = draw(snapshot('research'));
    tab('Threads');
    const row = sure(all('.fall li')[2]);
    row.focus();
    view.update({ ...snapshot('research'), seq: 100 });
    expect(document.activeElement).toBe(row);
  });

  it('lets no key reach the notebook, and takes letters only outside of fields', () => {
    const acts = actions();
    const heard = vi.fn();
    document.body.addEventListener('keydown', heard);
    draw(snapshot('research'), acts);
    press(one('.node'), 'p');
    expect(acts.pause).toHaveBeenCalledOnce();
    tab('Messages');
    press(one('input[type=search]'), 'p');
    expect(acts.pause).toHaveBeenCalledOnce();
    expect(heard).not.toHaveBeenCalled();
    document.body.removeEventListener('keydown', heard);
  });

  it('leaves nothing behind', () => {
    const view = draw(snapshot('research'));
    view.dispose();
    expect(root().childElementCount).toBe(0);
  });
});

describe('the graph in a narrow place', () => {
  it('is the same whether drawn at once or as its edges came', () => {
    const wide = vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(240);
    const last = snapshot('research');
    const { edges } = last.graph;
    const view = draw({ ...last, graph: { ...last.graph, edges: edges.slice(0, 2) } });
    view.update(last);
    const grown = root().querySelector('svg.graph');
    const other = document.createElement('div');
    const twin = drawView(other, last);
    const places = (svg: Element | null) =>
      [...(svg?.querySelectorAll('.node .box, .node text, .edge') ?? [])].map(each =>
        ['x', 'y', 'd'].map(name => each.getAttribute(name)).join(' ')
      );
    expect(places(grown).length).toBeGreaterThan(10);
    expect(places(grown)).toEqual(places(other.querySelector('svg.graph')));
    twin.dispose();
    wide.mockRestore();
  });
});

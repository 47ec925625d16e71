import { describe, expect, it } from 'vitest';

import { actions } from './acting';
import { snapshot } from './fixtures';
import { settled, stage } from './stage';

const { draw, all, one, button, tab, press } = stage();
const asked = snapshot('questions');
const answered = { ...asked, questions: { total: 0, questions: [] } };

describe('a question that waits for a person', () => {
  it('is counted on the frame line, while it is open', () => {
    const view = draw(asked);
    expect(button('1 needs you').textContent).toBe('1 needs you');
    view.update(answered);
    expect(all('button.need')).toHaveLength(0);
    view.update({ ...asked, questions: { ...asked.questions, total: 2 } });
    expect(one('button.need').textContent).toBe('2 need you');
    view.update({ ...asked, lost: '10:00:00' });
    expect(all('button.need')).toHaveLength(0);
  });

  it('makes its node amber, with the words that say so', () => {
    draw(asked);
    const node = one('.node[data-key=human]');
    expect(node.getAttribute('class')).toBe('node attention');
    expect(node.getAttribute('aria-label')).toBe('human, person, awaiting you 1');
  });

  it('makes its frame and its message amber, with Reply in the place of the time', () => {
    draw(asked, actions());
    tab('Threads');
    expect(one('.fall .attention b').textContent).toBe('human');
    expect(one('.fall .attention button').textContent).toBe('Reply');
    tab('Messages');
    expect(one('.msgs .attention').textContent).toBe('awaits you');
  });

  it('is gone to by n, and answered in its own words', async () => {
    const acts = actions();
    draw(asked, acts);
    one('[role=tab]').focus();
    press(one('[role=tab]'), 'n');
    expect(document.activeElement?.getAttribute('role')).not.toBe('tab');
    expect(one('[role=tab][aria-selected=true]').textContent).toContain('Threads');
    one('.fall .attention button').click();
    const field = one('.ask input') as HTMLInputElement;
    expect(document.activeElement).toBe(field);
    press(field, 'Enter');
    expect(one('.ask [role=alert]').textContent).toBe('Write an answer first: yes, no, or a text.');
    acts.answer.mockResolvedValueOnce({ error: 'It was answered already, or nobody waits for it any more.' });
    field.value = 'yes, use them';
    press(field, 'Enter');
    expect(acts.answer).toHaveBeenCalledWith(1, 'yes, use them');
    await settled();
    expect(one('.ask [role=alert]').textContent).toContain('answered already');
  });

  it('goes away with its answer', () => {
    const view = draw(asked, actions());
    tab('Threads');
    expect(one('.ask').textContent).toContain('human asks you');
    view.update(answered);
    expect(all('.ask')).toHaveLength(0);
  });

  it('about a budget is gone to where it is raised', () => {
    const acts = actions();
    draw(snapshot('budgets'), acts);
    one('button.need').focus();
    one('button.need').click();
    expect(one('[role=tab][aria-selected=true]').textContent).toContain('Budgets');
    expect(document.activeElement).toBe(one('.raise input'));
  });

  it('about a held message is not answered in words', () => {
    const [question] = asked.questions.questions;
    const held = {
      ...asked,
      questions: { total: 1, questions: question ? [{ ...question, kind: 'breakpoint' }] : [] }
    };
    draw(held, actions());
    tab('Threads');
    expect(all('.ask input')).toHaveLength(0);
  });

  it('cannot be answered where nothing answers', () => {
    draw({ ...asked, live: false });
    tab('Threads');
    expect(all('.ask button, .fall button')).toHaveLength(0);
  });
});

describe('a dead letter', () => {
  const open = (acts = actions()) => {
    draw(snapshot('research'), acts);
    tab('Messages');
    all('.msgs tbody tr')
      .find(row => row.textContent?.includes('dead letter'))
      ?.click();
    return acts;
  };

  it('is edited as it came, and sent again', async () => {
    const acts = open();
    button('Edit and resend').click();
    const area = one('textarea') as HTMLTextAreaElement;
    expect(document.activeElement).toBe(area);
    expect(area.value).toContain('<Confidence>high</Confidence>');
    area.value = '<Draft/>';
    button('Resend').click();
    expect(acts.resend).toHaveBeenCalledWith(12, '<Draft/>');
    await settled();
    expect(all('textarea')).toHaveLength(0);
  });

  it('that does not fit its schema stays in the editor, with the error and its place', async () => {
    const acts = open();
    acts.resend.mockResolvedValueOnce({ error: "confidence: expected a number, got 'high'", mark: [3, 7] });
    button('Edit and resend').click();
    const area = one('textarea') as HTMLTextAreaElement;
    area.value = '<a>high</a>';
    button('Resend').click();
    await settled();
    expect(one('.editor [role=alert]').textContent).toBe(
      "confidence: expected a number, got 'high'. Nothing was sent."
    );
    expect([area.selectionStart, area.selectionEnd]).toEqual([3, 7]);
  });

  it('is dismissed', () => {
    const acts = open();
    button('Dismiss').click();
    expect(acts.dismiss).toHaveBeenCalledWith(12);
  });

  it('is left as it was by Escape', () => {
    open();
    button('Edit and resend').click();
    press(one('textarea'), 'Escape');
    expect(all('textarea')).toHaveLength(0);
    expect(all('.passage')).toHaveLength(1);
  });

  it('that was sent again or dismissed is told as that, and is no letter any more', () => {
    const shown = snapshot('research');
    const rows = shown.messages.rows.map(row =>
      row.state === 'dead' ? { ...row, state: 'resent', letter: false } : row
    );
    draw({ ...shown, organism: { ...shown.organism, settled: 1 }, messages: { total: 12, rows } }, actions());
    tab('Messages');
    expect(one('.msgs').textContent).toContain('sent again');
    expect(button('Dead letters, 1').textContent).toBe('Dead letters 1');
  });

  it('is one of those that its button shows, as what failed in a handler is', () => {
    open();
    button('Dead letters, 2').click();
    expect(all('.msgs tbody tr').map(row => row.lastElementChild?.textContent)).toEqual(['timeout', 'dead letter']);
  });

  it('only shows, without actions', () => {
    draw(snapshot('saved'));
    tab('Messages');
    all('.msgs tbody tr')
      .find(row => row.textContent?.includes('dead letter'))
      ?.click();
    expect(all('.passage .foot .primary')).toHaveLength(0);
  });
});

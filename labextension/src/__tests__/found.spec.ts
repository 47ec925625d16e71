import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { describe, expect, it } from 'vitest';

import { type CellOutputs, shownIn } from '../found';
import { WIDGET_VIEW } from '../live';
import { SNAPSHOT } from '../still';

function output(name: unknown, model_id: string | null = null, trusted = true): IRenderMime.IMimeModel {
  const widget = model_id === null ? {} : { [WIDGET_VIEW]: { model_id } };
  return { data: { [SNAPSHOT]: { organism: { name } }, ...widget }, trusted } as unknown as IRenderMime.IMimeModel;
}

function cell(source: string, ...outputs: IRenderMime.IMimeModel[]): CellOutputs {
  return { source, outputs };
}

function found(cells: CellOutputs[], ...answered: string[]) {
  return shownIn(cells, id => answered.includes(id)).map(({ name, cell, id }) => [name, cell, id]);
}

describe('the organisms of a notebook', () => {
  it('stand in the order of their cells', () => {
    const cells = [cell('%%organism b', output('b', '1')), cell(''), cell('%%organism a', output('a', '2'))];
    expect(found(cells)).toEqual([
      ['b', 0, '1'],
      ['a', 2, '2']
    ]);
  });

  it('are each there once: where the kernel answers, then where they were made, then at the end', () => {
    const shown = [
      cell('%%organism a', output('a', 'old')),
      cell('a', output('a', 'new')),
      cell('a', output('a', 'x'))
    ];
    expect(found(shown, 'new')).toEqual([['a', 1, 'new']]);
    expect(found(shown)).toEqual([['a', 0, 'old']]);
    expect(found(shown.slice(1))).toEqual([['a', 1, 'x']]);
    expect(found(shown, 'old', 'new')).toEqual([['a', 0, 'old']]);
  });

  it('have no live view in a notebook that is not trusted', () => {
    expect(found([cell('%%organism a', output('a', '1', false))], '1')).toEqual([['a', 0, null]]);
  });

  it('are none where an output is something else', () => {
    const strange = { data: { 'text/plain': 'a' }, trusted: true } as unknown as IRenderMime.IMimeModel;
    expect(found([cell('1', strange, output(7), output('')), cell('2')])).toEqual([]);
  });
});

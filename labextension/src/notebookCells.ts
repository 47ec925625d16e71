/** What a view may wish of the notebook around it: to show a cell, or to write one below the view's. */

import { type Cell, CodeCell } from '@jupyterlab/cells';
import { NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';

import type { Wish } from './render/host';

/**
 * Do what a view wishes.
 *
 * Nothing is run, whatever the wish says: a cell is only written, and the person may look at it first.
 *
 * @param panel - The notebook.
 * @param from - An element in the output that wishes.
 * @param wish - What it is.
 */
export function grant(panel: NotebookPanel, from: Element, wish: Wish): void {
  const { content } = panel;
  if ('show' in wish) {
    const isIt = (cell: Cell) => cell instanceof CodeCell && cell.model.executionCount === wish.show;
    const cell = [...content.widgets].reverse().find(isIt);
    if (cell) {
      content.activeCellIndex = content.widgets.indexOf(cell);
      void content.scrollToCell(cell);
    }
    return;
  }
  const at = content.widgets.findIndex(each => each.node.contains(from));
  if (at >= 0) {
    content.activeCellIndex = at;
    NotebookActions.insertBelow(content);
    content.activeCell?.model.sharedModel.setSource(wish.insert);
    content.mode = 'edit';
  }
}

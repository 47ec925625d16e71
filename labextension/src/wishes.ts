/** What forms and views in a notebook wish of it: to show a cell, or to write one below theirs. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';

import { grant } from './notebookCells';
import { LISTENS, WISH, type Wish } from './render/host';

export const wishes: JupyterFrontEndPlugin<void> = {
  id: 'xpipe_nb:wishes',
  description: 'Writes the cells that forms ask for.',
  autoStart: true,
  requires: [INotebookTracker],
  activate: (_: JupyterFrontEnd, notebooks: INotebookTracker) => {
    notebooks.widgetAdded.connect((_, panel) => {
      const { node } = panel.content;
      node.setAttribute(LISTENS, '');
      node.addEventListener(WISH, event => grant(panel, event.target as Element, (event as CustomEvent<Wish>).detail));
    });
  }
};

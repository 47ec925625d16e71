/** Colours for the YAML of `%%organism` cells and for the XML of `%%inject` cells. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { ICellModel } from '@jupyterlab/cells';
import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';

import { CellLanguage } from './cellLanguage';
import { XML, YAML } from './cells';

export const languages: JupyterFrontEndPlugin<void> = {
  id: 'xpipe_nb:languages',
  description: 'Colours the YAML and the XML below the cell magics of xpipe_nb.',
  autoStart: true,
  requires: [INotebookTracker, IEditorLanguageRegistry],
  activate: (_: JupyterFrontEnd, tracker: INotebookTracker, registry: IEditorLanguageRegistry) => {
    // An editor takes whichever language was loaded last. Once all are loaded, that is the one asked for last.
    const loaded = Promise.all([YAML, XML, 'text/x-ipython'].map(mime => registry.getLanguage(mime)));
    const follow = (panel: NotebookPanel) => {
      void Promise.all([panel.context.ready, loaded]).then(() => followCells(panel));
    };
    tracker.forEach(follow);
    tracker.widgetAdded.connect((_, panel) => follow(panel));
  }
};

/** Keep the language of every cell right, also of those to come. */
function followCells(panel: NotebookPanel): void {
  const notebook = panel.content;
  const known = new WeakSet<ICellModel>();
  const look = () => {
    for (const cell of notebook.model?.cells ?? []) {
      if (cell.type === 'code' && !known.has(cell)) {
        known.add(cell);
        new CellLanguage(cell, () => notebook.codeMimetype);
      }
    }
  };
  look();
  notebook.model?.cells.changed.connect(look);
}

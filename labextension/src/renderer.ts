/** The renderer of organisms: it stands before the widget's, so that a saved file shows its picture. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IConsoleTracker } from '@jupyterlab/console';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';

import type { Place } from './live';
import { OrganismOutput } from './output';
import { placeIn, placeInNotebook } from './places';
import { SNAPSHOT } from './still';

/** The widget view has -10, and the lowest wins. A dead widget is an error text, and nothing falls back from it. */
const RANK = -20;

export const renderer: JupyterFrontEndPlugin<void> = {
  id: 'xpipe_nb:renderer',
  description: 'Shows organisms: live while their kernel runs, else as they were saved.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [INotebookTracker, IConsoleTracker],
  activate: (
    _: JupyterFrontEnd,
    everywhere: IRenderMimeRegistry,
    notebooks: INotebookTracker | null,
    consoles: IConsoleTracker | null
  ) => {
    render(everywhere, null);
    notebooks?.widgetAdded.connect((_, panel) => render(panel.content.rendermime, placeInNotebook(panel, everywhere)));
    consoles?.widgetAdded.connect((_, { console: { rendermime }, sessionContext }) =>
      render(rendermime, placeIn(rendermime, sessionContext, everywhere))
    );
  }
};

/** Have a registry draw our type; `safe`, because what a snapshot says is only ever shown as text. */
function render(rendermime: IRenderMimeRegistry, place: Place | null): void {
  const createRenderer = () => new OrganismOutput(place);
  rendermime.addFactory({ safe: true, mimeTypes: [SNAPSHOT], createRenderer }, RANK);
}

/** The renderer of organisms: it stands before the widget's, so that a saved file shows its picture. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { ISessionContext } from '@jupyterlab/apputils';
import { IConsoleTracker } from '@jupyterlab/console';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';

import { type Place, WIDGET_VIEW } from './live';
import { grant } from './notebookCells';
import { OrganismOutput } from './output';
import { SNAPSHOT } from './still';

/** The widget view has -10, and the lowest wins. A dead widget is an error text, and nothing falls back from it. */
const RANK = -20;

/** How often to look for a widget manager: for ten seconds after the kernel is there. */
const TURNS = 40;

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
    const liveIn = (rendermime: IRenderMimeRegistry, session: ISessionContext, more: Partial<Place> = {}) =>
      render(rendermime, { rendermime, session, widgets: widgetsIn(rendermime, session, everywhere), ...more });
    notebooks?.widgetAdded.connect((_, panel) =>
      liveIn(panel.content.rendermime, panel.sessionContext, {
        grant: (from, wish) => grant(panel, from, wish)
      })
    );
    consoles?.widgetAdded.connect((_, panel) => liveIn(panel.console.rendermime, panel.sessionContext));
  }
};

/** Have a registry draw our type; `safe`, because what a snapshot says is only ever shown as text. */
function render(rendermime: IRenderMimeRegistry, place: Place | null): void {
  const createRenderer = () => new OrganismOutput(place);
  rendermime.addFactory({ safe: true, mimeTypes: [SNAPSHOT], createRenderer }, RANK);
}

/**
 * Wait for the widget manager of a notebook or console.
 *
 * It comes some turns after the kernel, without a word: it then puts a factory of its own in the place of the one for
 * everywhere, which knows no manager. A widget made by that one would wait for ever, nested as ours is.
 */
async function widgetsIn(
  rendermime: IRenderMimeRegistry,
  session: ISessionContext,
  everywhere: IRenderMimeRegistry
): Promise<void> {
  await session.ready;
  for (let turn = 0; turn < TURNS && !session.isDisposed; turn += 1) {
    const factory = rendermime.getFactory(WIDGET_VIEW);
    if (factory && factory !== everywhere.getFactory(WIDGET_VIEW)) {
      return;
    }
    await new Promise(resolve => setTimeout(resolve, 250));
  }
  // There is none: the snapshot stays.
  await new Promise<never>(() => undefined);
}

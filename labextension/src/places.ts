/** Where outputs of organisms can stand, and when widgets can be drawn there. */

import type { ISessionContext } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';

import { type Place, WIDGET_VIEW } from './live';
import { grant } from './notebookCells';

/** How often to look for a widget manager: for a minute after the kernel is there. */
const TURNS = 240;

/** Give the place that a registry of renderers draws for; `everywhere` is the registry that all others come from. */
export function placeIn(
  rendermime: IRenderMimeRegistry,
  session: ISessionContext,
  everywhere: IRenderMimeRegistry
): Place {
  return { rendermime, session, widgets: widgetsIn(rendermime, session, everywhere) };
}

/** Do the same for a notebook, which shows cells and takes new ones. */
export function placeInNotebook(panel: NotebookPanel, everywhere: IRenderMimeRegistry): Place {
  const place = placeIn(panel.content.rendermime, panel.sessionContext, everywhere);
  return { ...place, grant: (from, wish) => grant(panel, from, wish) };
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

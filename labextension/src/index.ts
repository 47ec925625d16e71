/** What xpipe_nb adds to JupyterLab and Notebook 7: one plugin for each thing that it can do. */

import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

const plugins: JupyterFrontEndPlugin<unknown>[] = [];

export default plugins;

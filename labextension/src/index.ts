/** What xpipe_nb adds to JupyterLab and Notebook 7: one plugin for each thing that it can do. */

import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { languages } from './languages';
import { renderer } from './renderer';

const plugins: JupyterFrontEndPlugin<unknown>[] = [renderer, languages];

export default plugins;

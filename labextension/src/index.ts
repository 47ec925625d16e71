/** What xpipe_nb adds to JupyterLab and Notebook 7: one plugin for each thing that it can do. */

import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { languages } from './languages';
import { renderer } from './renderer';
import { wishes } from './wishes';

const plugins: JupyterFrontEndPlugin<unknown>[] = [renderer, languages, wishes];

export default plugins;

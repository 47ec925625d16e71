/** What xpipe_nb adds to JupyterLab and Notebook 7: one plugin for each thing that it can do. */

import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { commands } from './commands';
import { languages } from './languages';
import { organisms } from './organisms';
import { panel } from './panel';
import { renderer } from './renderer';
import { settings } from './settings';
import { statusItem } from './statusItem';
import { wishes } from './wishes';

const plugins = [
  renderer,
  languages,
  organisms,
  panel,
  commands,
  statusItem,
  settings,
  wishes
] as JupyterFrontEndPlugin<unknown>[];

export default plugins;

/** The settings of a person, for all views on the page. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';

import { prefer } from './render/preferences';

const ID = 'xpipe_nb:settings';

export const settings: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: 'How often views are drawn, and how much of the past they show.',
  autoStart: true,
  optional: [ISettingRegistry],
  activate: (_: JupyterFrontEnd, registry: ISettingRegistry | null) => {
    void registry?.load(ID).then(loaded => {
      const take = () =>
        prefer({
          rate: Number(loaded.get('updateRate').composite),
          history: Number(loaded.get('historyLength').composite)
        });
      loaded.changed.connect(take);
      take();
    });
  }
};

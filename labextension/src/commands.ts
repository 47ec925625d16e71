/** What can be done with the organisms of the notebook in front, from the palette, a shortcut or the toolbar. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';

import { organismIcon } from './icons';
import { IOrganisms, type Organism, type Organisms } from './organisms';
import { PANEL_ID } from './panel';
import type { Act, Told } from './render/outside';
import { plain } from './render/words';

const CATEGORY = 'Organisms';

export const SHOW = 'xpipe_nb:show-panel';
const JUMP = 'xpipe_nb:show-cell';

/** Each with its verb, and whether it can be done at present. */
const ACTS: readonly (readonly [Act, string, (state: string, held: boolean) => boolean])[] = [
  ['pause', 'Pause', state => state === 'running'],
  ['resume', 'Resume', state => state === 'paused'],
  ['step', 'Step', (state, held) => state === 'paused' || (state === 'running' && held)],
  ['stop', 'Stop', state => state === 'running' || state === 'paused']
];

export const commands: JupyterFrontEndPlugin<void> = {
  id: 'xpipe_nb:commands',
  description: 'Commands for the organisms of the notebook in front.',
  autoStart: true,
  requires: [IOrganisms],
  optional: [ICommandPalette],
  activate: (app: JupyterFrontEnd, organisms: Organisms, palette: ICommandPalette | null) => {
    const all = [addShow(app), addJump(app, organisms), ...ACTS.map(act => addAct(app, organisms, ...act))];
    all.forEach(command => palette?.addItem({ command, category: CATEGORY }));
    let known = '';
    organisms.changed.connect(() => {
      const { chosen } = organisms;
      const told = chosen?.told;
      const now = JSON.stringify([chosen?.name, told?.organism.state, (told?.organism.holding ?? 0) > 0, told?.lost]);
      if (now !== known) {
        known = now;
        all.forEach(command => app.commands.notifyCommandChanged(command));
      }
    });
  }
};

function addShow(app: JupyterFrontEnd): string {
  app.commands.addCommand(SHOW, {
    label: 'Show Organisms',
    caption: 'Show the organisms of this notebook beside it',
    icon: organismIcon,
    execute: () => app.shell.activateById(PANEL_ID)
  });
  return SHOW;
}

function addJump(app: JupyterFrontEnd, organisms: Organisms): string {
  app.commands.addCommand(JUMP, {
    label: () => `Show the Cell of ${nameOf(organisms.chosen)}`,
    isEnabled: () => organisms.chosen !== null,
    execute: ({ organism }) => named(organisms, organism)?.showCell()
  });
  return JUMP;
}

function addAct(
  app: JupyterFrontEnd,
  organisms: Organisms,
  act: Act,
  verb: string,
  can: (state: string, held: boolean) => boolean
): string {
  const command = `xpipe_nb:${act}`;
  app.commands.addCommand(command, {
    label: () => `${verb} ${nameOf(organisms.chosen)}`,
    isEnabled: ({ organism }) => {
      const told = named(organisms, organism)?.told ?? null;
      return can(stateOf(told), (told?.organism.holding ?? 0) > 0);
    },
    execute: ({ organism }) => named(organisms, organism)?.ask(act)
  });
  return command;
}

/** Give the organism that an argument names; without one, that which is chosen. */
function named(organisms: Organisms, name: unknown): Organism | null {
  return typeof name === 'string' ? (organisms.all.find(each => each.name === name) ?? null) : organisms.chosen;
}

function nameOf(organism: Organism | null): string {
  return organism === null ? 'Organism' : plain(organism.name, 40);
}

function stateOf(told: Told | null): string {
  return told === null || told.lost !== undefined ? '' : told.organism.state;
}

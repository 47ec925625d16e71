/** The item on the status bar; a click shows the panel. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IStatusBar } from '@jupyterlab/statusbar';
import { type ISignal, Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

import { SHOW } from './commands';
import { IOrganisms, type Organisms } from './organisms';
import { h, say, set } from './render/dom';
import { statusOf } from './status';

export class StatusItem extends Widget {
  constructor(
    private readonly organisms: Organisms,
    act: () => void
  ) {
    super();
    this.addClass('xp-status');
    this.button.addEventListener('click', act);
    this.node.append(this.button);
    organisms.changed.connect(this.draw, this);
    this.draw();
  }

  get isActive(): boolean {
    return this.button.textContent !== '';
  }

  get activeChanged(): ISignal<this, void> {
    return this._activeChanged;
  }

  private draw(): void {
    const before = this.isActive;
    const told = this.organisms.all.map(each => each.told).filter(each => each !== null);
    const { text, title, isBlocked } = statusOf(told);
    say(this.button, text);
    set(this.button, { title });
    this.toggleClass('xp-mod-blocked', isBlocked);
    // A blocked loop is said once, as soon as it is known; numbers that change are for those who look.
    set(this.node, { role: isBlocked ? 'alert' : null });
    if (before !== this.isActive) {
      this._activeChanged.emit();
    }
  }

  private readonly button = h('button', { type: 'button' });
  private readonly _activeChanged = new Signal<this, void>(this);
}

export const statusItem: JupyterFrontEndPlugin<void> = {
  id: 'xpipe_nb:status',
  description: 'What runs, how much is in flight, and who holds the loop, on the status bar.',
  autoStart: true,
  requires: [IOrganisms],
  optional: [IStatusBar],
  activate: ({ commands }: JupyterFrontEnd, organisms: Organisms, bar: IStatusBar | null) => {
    if (bar !== null) {
      const item = new StatusItem(organisms, () => void commands.execute(SHOW));
      const isActive = () => item.isActive;
      bar.registerStatusItem('xpipe_nb', {
        item,
        align: 'left',
        rank: 20,
        isActive,
        activeStateChanged: item.activeChanged
      });
    }
  }
};

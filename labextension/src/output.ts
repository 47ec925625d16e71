/** One output of an organism: its widget while the kernel answers it, its saved snapshot otherwise. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Panel, Widget } from '@lumino/widgets';

import { LiveWidget, modelId, type Place } from './live';
import { drawPicture } from './picture';
import { drawView, type View } from './render/view';
import { readSnapshot } from './snapshotData';

export const SNAPSHOT = 'application/vnd.xpipe.view+json';

export class OrganismOutput extends Panel implements IRenderMime.IRenderer {
  /**
   * @param place - Where the output stands; null where nothing can be live.
   */
  constructor(private readonly place: Place | null) {
    super();
    this.addClass('xp-output');
    this.addWidget(this.still);
  }

  /** Draw what was saved; then, in a trusted notebook, the widget, as soon as it answers. */
  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this.drawStill(model);
    const id = model.trusted ? modelId(model) : null;
    if (id === this.liveId) {
      return;
    }
    this.endLive();
    this.liveId = id;
    if (this.place && id !== null) {
      void this.place.widgets.then(() => this.beginLive(id, model));
    }
  }

  override dispose(): void {
    this.view?.dispose();
    this.view = null;
    super.dispose();
  }

  private drawStill(model: IRenderMime.IMimeModel): void {
    const read = readSnapshot(model.data[SNAPSHOT]);
    if (typeof read === 'string') {
      this.drawInstead(model, read);
    } else if (this.view) {
      this.view.update(read);
    } else {
      this.still.node.replaceChildren();
      this.view = drawView(this.still.node, read);
    }
  }

  private drawInstead(model: IRenderMime.IMimeModel, why: string): void {
    this.view?.dispose();
    this.view = null;
    const sentence = document.createElement('p');
    sentence.textContent = why;
    this.still.node.replaceChildren(drawPicture(model.data), sentence);
  }

  private beginLive(id: string, model: IRenderMime.IMimeModel): void {
    if (this.isDisposed || this.place === null || this.liveId !== id) {
      return;
    }
    this.live = new LiveWidget(this.place, id);
    this.live.aliveChanged.connect((_, alive) => this.showLive(alive));
    this.addWidget(this.live);
    this.live.draw(model);
  }

  private endLive(): void {
    this.live?.dispose();
    this.live = null;
    this.showLive(false);
  }

  private showLive(alive: boolean): void {
    this.toggleClass('xp-mod-live', alive);
  }

  private readonly still = new Widget();
  private view: View | null = null;
  private live: LiveWidget | null = null;
  private liveId: string | null = null;
}

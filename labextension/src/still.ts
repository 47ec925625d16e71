/** What was saved with an output: its snapshot, or its picture and a sentence where the snapshot cannot be drawn. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Widget } from '@lumino/widgets';

import { drawPicture } from './picture';
import { drawView, type View } from './render/view';
import { readSnapshot } from './snapshotData';

export const SNAPSHOT = 'application/vnd.xpipe.view+json';

export class Still extends Widget {
  /**
   * Draw what is in a bundle; without actions, because nothing answers them.
   *
   * @param model - The bundle.
   * @param lost - When the kernel went away, if it did so on this page.
   */
  draw({ data }: IRenderMime.IMimeModel, lost?: string): void {
    const saved = readSnapshot(data[SNAPSHOT]);
    const read = typeof saved === 'string' || lost === undefined ? saved : { ...saved, lost };
    if (this.view && typeof read !== 'string') {
      this.view.update(read);
      return;
    }
    this.clear();
    if (typeof read === 'string') {
      const sentence = document.createElement('p');
      sentence.textContent = read;
      this.node.append(drawPicture(data), sentence);
    } else {
      this.view = drawView(this.node, read);
    }
  }

  /** Take away what was drawn. */
  clear(): void {
    this.view?.dispose();
    this.view = null;
    this.node.replaceChildren();
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this.clear();
      super.dispose();
    }
  }

  private view: View | null = null;
}

/** The widget of a display, drawn by the widget manager of the notebook, for as long as the kernel answers it. */

import type { ISessionContext } from '@jupyterlab/apputils';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { type ISignal, Signal } from '@lumino/signaling';
import { Panel } from '@lumino/widgets';

import type { Wish } from './render/host';

export const WIDGET_VIEW = 'application/vnd.jupyter.widget-view+json';

/** What is there once the kernel has told the widget what to draw. */
const DRAWN = '.xp-view [role=tablist]';

/** The notebook or console that an output belongs to. */
export interface Place {
  readonly rendermime: IRenderMimeRegistry;
  readonly session: ISessionContext;
  /** Resolves when the place's own widget manager is there; never, where there is none. */
  readonly widgets: Promise<void>;
  /** Does what a view wishes of the notebook; not in a console. */
  readonly grant?: (from: Element, wish: Wish) => void;
}

/** Give the id of the widget's model in a bundle. */
export function modelId(model: IRenderMime.IMimeModel): string | null {
  const view = model.data[WIDGET_VIEW];
  const id = typeof view === 'object' && view !== null && 'model_id' in view ? view['model_id'] : null;
  return typeof id === 'string' && id !== '' ? id : null;
}

/**
 * Draws the widget out of sight, and says when it can be shown and when not.
 *
 * The widget's own renderer says nothing: it holds an element once the view was made, a sentence while it loads or
 * where the model is gone, and nothing after the model was closed. So its element is watched.
 */
export class LiveWidget extends Panel {
  constructor(
    private readonly place: Place,
    private readonly modelId: string
  ) {
    super();
    this.addClass('xp-output-live');
    place.session.kernelChanged.connect(this.refresh, this);
    place.session.statusChanged.connect(this.refresh, this);
    this.watcher = new MutationObserver(() => this.refresh());
  }

  /** Whether the widget is drawn and the kernel answers it. */
  get alive(): boolean {
    return this._alive;
  }

  /**
   * Whether a kernel that knew its model is gone, which is not the same as a view that was closed.
   *
   * It may have gone before the view was drawn.
   */
  get isOrphan(): boolean {
    return this.wasKnown && this.kernelIsGone();
  }

  /** Whether it was alive and no longer is, though its kernel is there. */
  get isClosed(): boolean {
    return this.hasLived && !this._alive && !this.kernelIsGone();
  }

  get aliveChanged(): ISignal<this, boolean> {
    return this._aliveChanged;
  }

  /** Have the widget drawn. */
  draw(model: IRenderMime.IMimeModel): void {
    const renderer = this.place.rendermime.createRenderer(WIDGET_VIEW);
    this.renderer = renderer;
    this.addWidget(renderer);
    this.refresh();
    this.watch();
    void renderer.renderModel(model);
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this.watcher.disconnect();
      Signal.clearData(this);
      super.dispose();
    }
  }

  private refresh(): void {
    const drawn = this._alive ? ':scope > *' : DRAWN;
    const isKnown = this.hasComm();
    this.wasKnown ||= isKnown;
    const alive = isKnown && !!this.renderer?.node.querySelector(drawn);
    const { isOrphan } = this;
    if (alive !== this._alive || isOrphan !== this.orphaned) {
      this._alive = alive;
      this.orphaned = isOrphan;
      this.hasLived ||= alive;
      this.watch();
      this._aliveChanged.emit(alive);
    }
  }

  /** Look at all that changes until the view is drawn; after that only at whether it goes away. */
  private watch(): void {
    this.watcher.disconnect();
    if (this.renderer) {
      this.watcher.observe(this.renderer.node, { childList: true, subtree: !this._alive });
    }
  }

  /** A model restored from a saved file has a view but no comm; after a restart the comms are gone as well. */
  private hasComm(): boolean {
    return !this.kernelIsGone() && !!this.place.session.session?.kernel?.hasComm(this.modelId);
  }

  private kernelIsGone(): boolean {
    const kernel = this.place.session.session?.kernel;
    return !kernel || ['restarting', 'autorestarting', 'terminating', 'dead'].includes(kernel.status);
  }

  private readonly watcher: MutationObserver;
  private renderer: IRenderMime.IRenderer | null = null;
  private _alive = false;
  private hasLived = false;
  /** Whether the kernel had a comm for its model at any time. */
  private wasKnown = false;
  private orphaned = false;
  private readonly _aliveChanged = new Signal<this, boolean>(this);
}

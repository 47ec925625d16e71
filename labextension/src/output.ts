/** One output of an organism: its widget while the kernel answers it, its saved snapshot otherwise. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { type ISignal, Signal } from '@lumino/signaling';
import { Panel } from '@lumino/widgets';

import { LiveWidget, modelId, type Place } from './live';
import { LISTENS, WISH, type Wish } from './render/host';
import { type Act, ask, hear, type Told } from './render/outside';
import { Still } from './still';

export class OrganismOutput extends Panel implements IRenderMime.IRenderer {
  /**
   * @param place - Where the output stands; null where nothing can be live.
   */
  constructor(private readonly place: Place | null) {
    super();
    this.addClass('xp-output');
    this.addWidget(this.still);
    const grant = place?.grant;
    if (grant) {
      this.node.setAttribute(LISTENS, '');
      this.node.addEventListener(WISH, event => {
        event.stopPropagation(); // the notebook would do it once more
        grant(this.node, (event as CustomEvent<Wish>).detail);
      });
    }
    hear(this.node, told => {
      this._told = told;
      this._toldChanged.emit();
    });
  }

  /** What the live view says of its organism; null while nothing answers. */
  get told(): Told | null {
    return this.live?.alive ? this._told : null;
  }

  get toldChanged(): ISignal<this, void> {
    return this._toldChanged;
  }

  /** Ask the live view for what its buttons do. */
  ask(act: Act): void {
    const view = this.live?.alive ? this.live.node.querySelector('.xp-view') : null;
    if (view) {
      ask(view, act);
    }
  }

  override dispose(): void {
    if (!this.isDisposed) {
      Signal.clearData(this);
      super.dispose();
    }
  }

  /** Draw what was saved; then, in a trusted notebook, the widget, as soon as it answers. */
  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this.model = model;
    this.drawOne();
    const id = model.trusted ? modelId(model) : null;
    if (id === this.liveId) {
      return;
    }
    this.lostAt = undefined;
    this.liveId = id;
    this.endLive();
    if (this.place && id !== null) {
      void this.place.widgets.then(() => this.beginLive(id, model));
    }
  }

  private beginLive(id: string, model: IRenderMime.IMimeModel): void {
    if (this.isDisposed || this.place === null || this.liveId !== id) {
      return;
    }
    this.live = new LiveWidget(this.place, id);
    this.live.aliveChanged.connect(this.drawOne, this);
    this.addWidget(this.live);
    this.live.draw(model);
  }

  private endLive(): void {
    this.live?.dispose();
    this.live = null;
    this.drawOne();
  }

  /** Of the two, only the one that is seen is on the page: twins would share their names, and cost twice. */
  private drawOne(): void {
    const alive = this.live?.alive ?? false;
    this.toggleClass('xp-mod-live', alive);
    if (alive) {
      this.still.clear();
      this.lostAt = undefined;
    } else if (this.model && !this.isDisposed) {
      this.still.draw(this.model, this.lost());
    }
    this._toldChanged.emit();
  }

  /**
   * When the kernel of what lived on this page went away; empty if only the view was closed, and nothing for what was
   * never alive here, which is what was saved.
   */
  private lost(): string | undefined {
    if (this.live?.isOrphan) {
      this.lostAt = this.lostAt || new Date().toTimeString().slice(0, 8);
    } else if (this.live?.isClosed) {
      this.lostAt ??= '';
    }
    return this.lostAt;
  }

  private readonly still = new Still();
  private model: IRenderMime.IMimeModel | null = null;
  private live: LiveWidget | null = null;
  private liveId: string | null = null;
  private lostAt: string | undefined;
  private _told: Told | null = null;
  private readonly _toldChanged = new Signal<this, void>(this);
}

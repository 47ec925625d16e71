/** The organisms of the notebook in front, each with a view of its own and what that tells. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { CodeCellModel, type ICellModel } from '@jupyterlab/cells';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Token } from '@lumino/coreutils';
import { type ISignal, Signal } from '@lumino/signaling';

import { type CellOutputs, type Shown, shownIn } from './found';
import type { Place } from './live';
import { OrganismOutput } from './output';
import { placeInNotebook } from './places';
import type { Act, Told } from './render/outside';

/** How long to wait after a change before the outputs are looked at, in milliseconds: changes come in crowds. */
const MOMENT = 100;

/** One organism of a notebook. */
export class Organism {
  readonly view: OrganismOutput;

  constructor(
    readonly panel: NotebookPanel,
    place: Place,
    private shown: Shown,
    private cell: ICellModel
  ) {
    this.view = new OrganismOutput(place);
    this.draw();
  }

  get name(): string {
    return this.shown.name;
  }

  get id(): string | null {
    return this.shown.id;
  }

  /** What it says of itself; null while nothing answers. */
  get told(): Told | null {
    return this.view.told;
  }

  /** The number that the notebook shows beside its cell, if it has run. */
  get number(): number | null {
    return this.cell instanceof CodeCellModel ? this.cell.executionCount : null;
  }

  get isActive(): boolean {
    return this.panel.content.activeCell?.model === this.cell;
  }

  /** Take over where and how it is shown now. */
  renew(shown: Shown, cell: ICellModel): void {
    const isOther = shown.output !== this.shown.output;
    this.shown = shown;
    this.cell = cell;
    if (isOther || this.view.told === null) {
      this.draw();
    }
  }

  /** Show its cell, and make it the active one. */
  showCell(): void {
    const { content } = this.panel;
    const at = content.widgets.findIndex(each => each.model === this.cell);
    const cell = content.widgets[at];
    if (cell) {
      content.activeCellIndex = at;
      void content.scrollToCell(cell);
      content.activate();
    }
  }

  ask(act: Act): void {
    this.view.ask(act);
  }

  private draw(): void {
    void this.view.renderModel(this.shown.output);
  }
}

/** Follows the notebook in front. */
export class Organisms {
  constructor(
    private readonly notebooks: INotebookTracker,
    private readonly everywhere: IRenderMimeRegistry
  ) {
    notebooks.currentChanged.connect(this.follow, this);
    notebooks.activeCellChanged.connect(this.tell, this);
    this.follow();
  }

  /** All of them, in the order of their cells. */
  get all(): readonly Organism[] {
    return this.organisms;
  }

  /** The notebook in front, if there is one. */
  get panel(): NotebookPanel | null {
    return this.place === null ? null : this.notebooks.currentWidget;
  }

  /** The one that commands are about: that of the active cell, else the first that answers, else the first. */
  get chosen(): Organism | null {
    const { organisms } = this;
    return organisms.find(each => each.isActive) ?? organisms.find(each => each.told) ?? organisms[0] ?? null;
  }

  /** Others are there, or one of them says something else. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  private follow(): void {
    const { currentWidget: panel } = this.notebooks;
    if (this.followed) {
      Signal.disconnectBetween(this.followed.content, this);
      Signal.disconnectBetween(this.followed.sessionContext, this);
    }
    this.followed = panel;
    this.keep([]);
    this.place = panel === null ? null : placeInNotebook(panel, this.everywhere);
    panel?.content.modelContentChanged.connect(this.soon, this);
    panel?.sessionContext.statusChanged.connect(this.soon, this);
    void panel?.context.ready.then(() => this.look());
    this.tell();
  }

  private soon(): void {
    this.timer ??= setTimeout(() => this.look(), MOMENT);
  }

  private look(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { followed: panel, place } = this;
    const cells = panel?.isDisposed ? null : panel?.model?.cells;
    if (!panel || !place || !cells) {
      return;
    }
    const { session } = panel.sessionContext;
    const shown = shownIn(Array.from(cells, outputsOf), id => !!session?.kernel?.hasComm(id));
    const old = new Map(this.organisms.map(each => [key(each), each]));
    this.keep(
      shown.map(each => {
        const cell = cells.get(each.cell);
        const kept = old.get(key(each));
        kept?.renew(each, cell);
        return kept ?? this.made(panel, place, each, cell);
      })
    );
    this.tell();
  }

  private made(panel: NotebookPanel, place: Place, shown: Shown, cell: ICellModel): Organism {
    const made = new Organism(panel, place, shown, cell);
    made.view.toldChanged.connect(this.tell, this);
    return made;
  }

  private keep(organisms: readonly Organism[]): void {
    for (const each of this.organisms) {
      if (!organisms.includes(each)) {
        each.view.dispose();
      }
    }
    this.organisms = organisms;
  }

  private tell(): void {
    this._changed.emit();
  }

  private organisms: readonly Organism[] = [];
  private place: Place | null = null;
  private followed: NotebookPanel | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly _changed = new Signal<this, void>(this);
}

function key({ name, id }: { readonly name: string; readonly id: string | null }): string {
  return `${id ?? ''} ${name}`;
}

function outputsOf(cell: ICellModel): CellOutputs {
  const outputs: IRenderMime.IMimeModel[] = [];
  if (cell instanceof CodeCellModel) {
    for (let at = 0; at < cell.outputs.length; at += 1) {
      outputs.push(cell.outputs.get(at));
    }
  }
  return { source: outputs.length ? cell.sharedModel.getSource() : '', outputs };
}

export const IOrganisms = new Token<Organisms>('xpipe_nb:IOrganisms', 'The organisms of the notebook in front.');

export const organisms: JupyterFrontEndPlugin<Organisms> = {
  id: 'xpipe_nb:organisms',
  description: 'Knows the organisms of the notebook in front.',
  autoStart: true,
  provides: IOrganisms,
  requires: [INotebookTracker, IRenderMimeRegistry],
  activate: (_: JupyterFrontEnd, notebooks: INotebookTracker, everywhere: IRenderMimeRegistry) =>
    new Organisms(notebooks, everywhere)
};

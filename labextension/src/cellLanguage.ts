/** The language of one cell, kept right while its text changes and while others set it back. */

import { languageOf } from './cells';

/** As much of a signal as is needed here. */
interface Changes {
  connect(slot: () => void): unknown;
}

/** As much of a code cell's model as is needed here. */
export interface Cell {
  mimeType: string;
  readonly contentChanged: Changes;
  readonly mimeTypeChanged: Changes;
  readonly sharedModel: { getSource(): string };
}

/** How often in a row another extension may set the language back before it has its way. */
const PATIENCE = 5;

/**
 * Follows a cell for as long as it lives.
 *
 * The notebook sets the language of all cells when the kernel has said which it speaks, and again after each restart;
 * ours is set again right after. Nothing is written into the cell's metadata, so nothing is saved.
 */
export class CellLanguage {
  private ours = false;
  private setBack = 0;

  constructor(
    private readonly cell: Cell,
    private readonly otherwise: () => string
  ) {
    cell.contentChanged.connect(() => {
      this.setBack = 0;
      this.apply();
    });
    cell.mimeTypeChanged.connect(() => this.apply());
    this.apply();
  }

  private apply(): void {
    const wanted = languageOf(this.cell.sharedModel.getSource()) ?? (this.ours ? this.otherwise() : null);
    if (wanted === null || wanted === this.cell.mimeType || this.setBack >= PATIENCE) {
      return;
    }
    this.setBack += 1;
    this.ours = wanted !== this.otherwise();
    this.cell.mimeType = wanted;
  }
}

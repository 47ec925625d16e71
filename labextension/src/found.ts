/** Which organisms a notebook shows, read off its outputs; no DOM. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';

import { modelId } from './live';
import { SNAPSHOT } from './still';

/** A cell, as far as it is looked at here. */
export interface CellOutputs {
  readonly source: string;
  readonly outputs: Iterable<IRenderMime.IMimeModel>;
}

/** An output that shows an organism. */
export interface Shown {
  readonly name: string;
  readonly cell: number;
  readonly output: IRenderMime.IMimeModel;
  readonly id: string | null;
  /** Its cell is the one that makes the organism. */
  readonly isOwn: boolean;
}

/**
 * Find the outputs that show organisms: one for each name, in the order of their cells.
 *
 * Where a name is shown more than once, the output that the kernel answers goes before one that is left over, then the
 * one of a `%%organism` cell before others, then the last.
 *
 * @param cells - The cells, from the first to the last.
 * @param answers - Says whether the kernel answers a widget's model.
 */
export function shownIn(cells: Iterable<CellOutputs>, answers: (id: string) => boolean): Shown[] {
  const best = new Map<string, Shown>();
  const merit = ({ id, isOwn }: Shown) => (id !== null && answers(id) ? 2 : 0) + (isOwn ? 1 : 0);
  for (const shown of allIn(cells)) {
    const other = best.get(shown.name);
    if (other === undefined || merit(shown) >= merit(other)) {
      best.set(shown.name, shown);
    }
  }
  return [...best.values()].sort((one, other) => one.cell - other.cell);
}

function* allIn(cells: Iterable<CellOutputs>): Generator<Shown> {
  let cell = 0;
  for (const { source, outputs } of cells) {
    for (const output of outputs) {
      const name = nameIn(output);
      if (name !== null) {
        const id = output.trusted ? modelId(output) : null;
        yield { name, cell, output, id, isOwn: isOrganismCell(source) };
      }
    }
    cell += 1;
  }
}

function isOrganismCell(source: string): boolean {
  return /^%%(xp_)?organism\b/.test(source);
}

function nameIn({ data }: IRenderMime.IMimeModel): string | null {
  const organism = fieldOf(data[SNAPSHOT], 'organism');
  const name = fieldOf(organism, 'name');
  return typeof name === 'string' && name !== '' ? name : null;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value ? (value as Record<string, unknown>)[name] : null;
}

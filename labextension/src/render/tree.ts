/** The frames of a conversation as rows of a tree: what is closed hides what is below it, and many alike are one row. */

import type { FrameRow } from '../protocol';

export interface TreeRow {
  readonly key: number | string;
  /** The frame, or the first of many alike. */
  readonly frame: FrameRow;
  readonly depth: number;
  /** The frames that this row stands for; one, or many alike. */
  readonly alike: readonly FrameRow[];
  /** Whether it can be opened and closed, and which it is. */
  readonly open: boolean | null;
}

/** From so many on, frames side by side that did the same and are over are one row. */
const MANY = 4;

/**
 * Put callees right below their callers; those whose caller is not kept stand by themselves.
 *
 * @param frames - The frames.
 * @param turned - The rows that a person has turned: frames are open by themselves, rows of many are closed.
 */
export function inTree(frames: readonly FrameRow[], turned: ReadonlySet<number | string> = new Set()): TreeRow[] {
  const below = children(frames);
  const rows: TreeRow[] = [];
  const one = (frame: FrameRow, further: number) => {
    const has = below.has(frame.key);
    const open = !turned.has(frame.key);
    rows.push({ key: frame.key, frame, depth: frame.depth + further, alike: [frame], open: has ? open : null });
    if (has && open) {
      walk(frame.key, further);
    }
  };
  const walk = (parent: number, further: number) => {
    for (const alike of runs(below.get(parent) ?? [])) {
      const [frame] = alike;
      if (alike.length < MANY || frame === undefined) {
        alike.forEach(each => one(each, further));
        continue;
      }
      const key = `×${frame.key}`;
      const open = turned.has(key);
      rows.push({ key, frame, depth: frame.depth + further, alike, open });
      if (open) {
        alike.forEach(each => one(each, further + 1));
      }
    }
  };
  walk(0, 0);
  return rows;
}

function children(frames: readonly FrameRow[]): Map<number, FrameRow[]> {
  const below = new Map<number, FrameRow[]>();
  const known = new Set(frames.map(frame => frame.key));
  for (const frame of frames) {
    const parent = known.has(frame.parent) && frame.parent < frame.key ? frame.parent : 0;
    const list = below.get(parent);
    if (list) {
      list.push(frame);
    } else {
      below.set(parent, [frame]);
    }
  }
  return below;
}

/** Split a list where it changes; what is not over, or went wrong, stands alone. */
function runs(frames: readonly FrameRow[]): FrameRow[][] {
  const found: FrameRow[][] = [];
  for (const frame of frames) {
    const run = found[found.length - 1];
    if (run?.[0] && isAlike(run[0], frame)) {
      run.push(frame);
    } else {
      found.push([frame]);
    }
  }
  return found;
}

function isAlike(one: FrameRow, other: FrameRow): boolean {
  return one.state === 'done' && other.state === 'done' && one.name === other.name && one.type === other.type;
}

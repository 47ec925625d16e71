/** What became of a message: as glyph and hue, and in a word. */

import type { MessageRow } from '../protocol';
import type { Glyph, Hue } from './glyphs';

/** The glyph and hue of a message's state. */
export function markOf(row: MessageRow): [Glyph, Hue] {
  const marks: Readonly<Record<string, [Glyph, Hue]>> = {
    queued: ['waiting', 'idle'],
    running: ['processing', 'running'],
    done: [row.repaired ? 'repair' : 'done', 'idle'],
    error: ['error', 'fault'],
    refused: ['refused', 'fault'],
    dead: ['dead', 'fault']
  };
  return marks[row.state] ?? ['idle', 'idle'];
}

/** Say in a word, or two, what became of a message. */
export function stateWord(row: MessageRow): string {
  if (row.state === 'error') {
    return row.reason || 'error';
  }
  if (row.state === 'dead') {
    return 'dead letter';
  }
  return row.state === 'done' && row.repaired ? 'done, repaired' : row.state;
}

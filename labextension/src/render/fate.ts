/** What became of a message: as glyph and hue, and in a word. */

import type { MessageRow } from '../protocol';
import type { Glyph, Hue } from './glyphs';

/** The glyph and hue of a message's state. */
export function markOf(row: MessageRow): [Glyph, Hue] {
  const marks: Readonly<Record<string, [Glyph, Hue]>> = {
    queued: ['waiting', 'idle'],
    running: ['processing', 'running'],
    asking: ['you', 'attention'],
    done: [row.repaired ? 'repair' : 'done', 'idle'],
    error: ['error', 'fault'],
    refused: ['refused', 'fault'],
    dead: ['dead', 'fault'],
    resent: ['dead', 'idle'],
    dismissed: ['dead', 'idle']
  };
  return marks[row.state] ?? ['idle', 'idle'];
}

const WORDS: Readonly<Record<string, string>> = {
  dead: 'dead letter',
  resent: 'sent again',
  asking: 'awaits you'
};

/** Say in a word, or two, what became of a message. */
export function stateWord(row: MessageRow): string {
  if (row.state === 'error') {
    return row.reason || 'error';
  }
  const words = WORDS[row.state];
  if (words) {
    return words;
  }
  return row.state === 'done' && row.repaired ? 'done, repaired' : row.state;
}

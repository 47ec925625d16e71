/** Actions that only note what a person did, and that nothing refuses. */

import { type Mock, vi } from 'vitest';

import type { Outcome } from '../render/desk';
import type { Actions } from '../render/view';

const TOLD = ['pause', 'resume', 'step', 'stop', 'end', 'detail', 'visible'] as const;
const ASKED = [
  'raise',
  'answer',
  'resend',
  'dismiss',
  'kill',
  'breakpoint',
  'held',
  'release',
  'drop',
  'edit'
] as const;
type Name = (typeof TOLD)[number] | (typeof ASKED)[number];

/** @param outcome - What becomes of all that could be refused. */
export function actions(outcome: Outcome = {}): Actions & Record<Name, Mock> {
  const told = TOLD.map(name => [name, vi.fn()]);
  const asked = ASKED.map(name => [name, vi.fn(() => Promise.resolve(outcome))]);
  return Object.fromEntries([...told, ...asked]) as never;
}

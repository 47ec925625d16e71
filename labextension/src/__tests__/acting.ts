/** Actions that only note what a person did, and that nothing refuses. */

import { type Mock, vi } from 'vitest';

import type { Actions } from '../render/view';

const TOLD = ['pause', 'resume', 'step', 'stop', 'end', 'detail', 'visible'] as const;
const ASKED = ['raise', 'answer', 'resend', 'dismiss', 'kill'] as const;
type Name = (typeof TOLD)[number] | (typeof ASKED)[number];

export function actions(): Actions & Record<Name, Mock> {
  const told = TOLD.map(name => [name, vi.fn()]);
  const asked = ASKED.map(name => [name, vi.fn(() => Promise.resolve({}))]);
  return Object.fromEntries([...told, ...asked]) as never;
}

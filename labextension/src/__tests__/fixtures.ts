/** The files that Python's tests write and that the tests here read: neither side can drift alone. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { isSnapshot, type Snapshot } from '../protocol';

const FOLDER = join(__dirname, '..', '..', '..', 'tests', 'snapshots');

export const SNAPSHOTS = [
  'budgets',
  'crowd',
  'empty',
  'held',
  'hostile',
  'paused',
  'questions',
  'research',
  'saved',
  'workers'
];

export function fixture(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf-8')) as Record<string, unknown>;
}

export function snapshot(name: string): Snapshot {
  const data = fixture(name);
  if (!isSnapshot(data)) {
    throw new Error(`${name}.json is no snapshot`);
  }
  return data;
}

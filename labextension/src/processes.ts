/** What of a snapshot tells of worker processes. */

import { each, has, isMoment, isNumber, isText, listOf, type Moment, type Shape } from './guards';

export interface WorkerRow {
  /** The process id; a far higher number while it starts. */
  readonly key: number;
  /** `starting`, `idle`, `busy`, or `waiting` while its handler waits in a call. */
  readonly state: string;
  /** Whose handler it runs; empty for none. */
  readonly name: string;
  readonly conversation: number;
  /** When its task began. */
  readonly began: Moment;
  /** How many seconds the handler has. */
  readonly timeout: number | null;
  /** Its share of one processor in percent. */
  readonly cpu: number | null;
  /** In megabytes. */
  readonly memory: number | null;
  /** How many jobs it has begun. */
  readonly tasks: number;
}

export interface Workers {
  readonly total: number;
  readonly workers: readonly WorkerRow[];
}

const isAmount = (value: unknown): boolean => value === null || isNumber(value);
const WORKER: Shape = {
  ...each(isText, 'state', 'name'),
  ...each(isNumber, 'key', 'conversation', 'tasks'),
  ...each(isAmount, 'timeout', 'cpu', 'memory'),
  began: isMoment
};

export const isWorkers = (value: unknown): value is Workers =>
  has(value, { total: isNumber, workers: listOf(row => has(row, WORKER)) });

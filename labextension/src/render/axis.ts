/** The time axis: it grows in steps, so that what is on it moves seldom. */

import { count } from './words';

export interface Axis {
  readonly from: number;
  readonly length: number;
  readonly labels: readonly string[];
}

const STEPS = [1, 2, 5];
const PARTS = 5;

/** Shorter axes than this, in milliseconds or steps, say nothing. */
const SHORTEST = 5;

/** From so many milliseconds on they are told in seconds. */
const SECONDS = 1000;

/** Find the shortest axis that holds a time: 1, 2, 5, 10, 20, 50, 100 seconds and so on, in five parts. */
export function axis(from: number, to: number, live: boolean): Axis {
  const wanted = Math.max(to - from, SHORTEST);
  const power = 10 ** Math.floor(Math.log10(wanted));
  const length = STEPS.map(step => step * power).find(step => step >= wanted) ?? 10 * power;
  const inSeconds = live && length >= SECONDS;
  const unit = live ? (inSeconds ? ' s' : ' ms') : '';
  const label = (at: number) => {
    const value = (at * length) / PARTS / (inSeconds ? SECONDS : 1);
    const text = value >= 1000 ? count(value) : String(Number(value.toPrecision(3)));
    return at === 0 ? text + unit : text;
  };
  return { from, length, labels: Array.from({ length: PARTS }, (_, at) => label(at)) };
}

/** Give a place on the axis in percent. */
export function place(on: Axis, at: number): number {
  return Math.min(100, Math.max(0, ((at - on.from) / on.length) * 100));
}

/** The time axis: it grows in steps, so that what is on it moves seldom. */

import { count } from './words';

export interface Axis {
  readonly from: number;
  readonly length: number;
  readonly labels: readonly string[];
}

const STEPS = [1, 2, 5];
const PARTS = 5;

/** Find the shortest axis that holds a time: 1, 2, 5, 10, 20, 50, 100 seconds and so on, in five parts. */
export function axis(from: number, to: number, live: boolean): Axis {
  const unit = live ? 1000 : 1;
  const wanted = Math.max((to - from) / unit, live ? 1 : 5);
  const power = 10 ** Math.floor(Math.log10(wanted));
  const part = ((STEPS.map(step => step * power).find(step => step >= wanted) ?? 10 * power) * unit) / PARTS;
  const label = (at: number) => {
    const value = (at * part) / unit;
    const text = value >= 1000 ? count(value) : String(Number(value.toPrecision(3)));
    return at === 0 && live ? `${text} s` : text;
  };
  return { from, length: part * PARTS, labels: Array.from({ length: PARTS }, (_, at) => label(at)) };
}

/** Give a place on the axis in percent. */
export function place(on: Axis, at: number): number {
  return Math.min(100, Math.max(0, ((at - on.from) / on.length) * 100));
}

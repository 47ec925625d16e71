/** Numbers, times and foreign texts as people read them. */

/** Characters that show nothing, or turn the direction of what follows: each is shown as one that says so. */
// eslint-disable-next-line no-control-regex
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g;

/** Make a foreign text fit to be shown in one line. */
export function plain(text: string, longest = 120): string {
  const shown = text
    .slice(0, longest + 1)
    .replace(/\s+/g, ' ')
    .replace(UNSEEN, '\ufffd');
  return shown.length > longest ? `${shown.slice(0, longest - 1)}…` : shown;
}

/** Make a foreign text fit to be shown with its lines. */
export function block(text: string, longest = 20_000): string {
  const shown = text.slice(0, longest).replace(UNSEEN, '\ufffd');
  return text.length > longest ? `${shown}…` : shown;
}

const NUMBERS = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** 1204 is 1,204. */
export function count(value: number): string {
  return NUMBERS.format(Math.round(value));
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** 1,900 bytes are `1.9 kB`. */
export function size(bytes: number): string {
  return bytes < 1000 ? `${count(bytes)} B` : `${(bytes / 1000).toFixed(1)} kB`;
}

/** Milliseconds as `16.8 s` or `1 min 31 s`. */
export function lasting(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 60) {
    return `${(Math.floor(seconds * 10) / 10).toFixed(1)} s`;
  }
  const whole = Math.floor(seconds);
  return whole < 3600
    ? `${Math.floor(whole / 60)} min ${whole % 60} s`
    : `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** The same for what is over: below a second it is told in milliseconds. */
export function took(ms: number): string {
  return ms < 1000 ? `${count(Math.max(0, ms))} ms` : lasting(ms);
}

/** Letters cannot be measured where nothing is drawn: an estimate from above, for a sans-serif face. */
export function wide(text: string, size: number): number {
  return text.length * size * 0.62;
}

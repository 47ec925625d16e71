/** What a person has set for all views of a page: the labextension writes it on the body, where the theme stands, too. */

const CHANGED = 'xpipe-preferences';

export interface Preferences {
  /** Drawings in a second, at most. */
  readonly rate?: number;
  /** Messages and frames that are shown, at most. */
  readonly history?: number;
}

export function prefer({ rate, history }: Required<Preferences>): void {
  document.body.dataset['xpipeRate'] = String(rate);
  document.body.dataset['xpipeHistory'] = String(history);
  document.dispatchEvent(new CustomEvent(CHANGED));
}

/** Give what is set; nothing, where nobody has. */
export function preferences(): Preferences {
  const { xpipeRate, xpipeHistory } = document.body.dataset;
  return {
    ...(xpipeRate === undefined ? {} : { rate: Number(xpipeRate) }),
    ...(xpipeHistory === undefined ? {} : { history: Number(xpipeHistory) })
  };
}

/** Have a function called whenever something else is set; gives what ends that. */
export function whenPreferred(changed: () => void): () => void {
  document.addEventListener(CHANGED, changed);
  return () => document.removeEventListener(CHANGED, changed);
}

/** What a view tells the page around it, and what it lets itself be told: by events, since both may be of other builds. */

import { isOrganismRow, type OrganismRow, type Snapshot } from '../protocol';

/** A view has been given another snapshot. */
const TOLD = 'xpipe-told';
/** Somebody outside asks for what its buttons do. */
const ASKED = 'xpipe-asked';

const ACTS = ['pause', 'resume', 'step', 'stop'] as const;
export type Act = (typeof ACTS)[number];

/** What of a snapshot is of use outside a view. */
export interface Told {
  readonly organism: OrganismRow;
  readonly blocked?: string;
  readonly lost?: string;
}

export function tell(from: Element, { organism, blocked, lost }: Snapshot): void {
  const detail: Told = {
    organism,
    ...(blocked === undefined ? {} : { blocked }),
    ...(lost === undefined ? {} : { lost })
  };
  from.dispatchEvent(new CustomEvent(TOLD, { bubbles: true, detail }));
}

/** Have a function called with what the views below an element tell. */
export function hear(below: Element, heard: (told: Told) => void): void {
  below.addEventListener(TOLD, event => {
    const { detail } = event as CustomEvent<Told>;
    if (isOrganismRow(detail.organism)) {
      heard(detail);
    }
  });
}

/** Ask the view at an element for something. */
export function ask(view: Element, act: Act): void {
  view.dispatchEvent(new CustomEvent(ASKED, { bubbles: true, detail: act }));
}

/** Have a function called with what is asked of the view in an element. */
export function listen(view: Element, asked: (act: Act) => void): void {
  view.addEventListener(ASKED, event => {
    const { detail } = event as CustomEvent<Act>;
    event.stopPropagation();
    if (ACTS.includes(detail)) {
      asked(detail);
    }
  });
}

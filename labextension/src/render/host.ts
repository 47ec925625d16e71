/** The notebook around a view, where there is one that listens: it can show a cell, and write one below the view's. */

export const WISH = 'xpipe-cells';
/** Whoever listens for wishes has this attribute. */
export const LISTENS = 'data-xpipe-cells';

export type Wish = { readonly show: number } | { readonly insert: string };

export function listens(element: Element): boolean {
  return element.closest(`[${LISTENS}]`) !== null;
}

export function wish(element: Element, detail: Wish): void {
  element.dispatchEvent(new CustomEvent(WISH, { bubbles: true, detail }));
}

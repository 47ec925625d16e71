/** A place on the page for views under test, and ways to find and press what is on it. */

import { afterEach, beforeEach } from 'vitest';

import type { Snapshot } from '../protocol';
import { type Actions, drawView, type View } from '../render/view';

export interface Stage {
  /** The element that views are drawn into. */
  root(): HTMLElement;
  draw(shown: Snapshot, acts?: Actions): View;
  /** What can be seen of what is on the page. */
  all(selector: string): HTMLElement[];
  one(selector: string): HTMLElement;
  button(label: string): HTMLElement;
  tab(name: string): void;
  press(target: Element, key: string, more?: KeyboardEventInit): void;
}

/** Set the stage for each test of a file, and clear it after each. */
export function stage(): Stage {
  let root: HTMLElement;
  let views: View[] = [];
  beforeEach(() => {
    root = document.createElement('div');
    document.body.append(root);
  });
  afterEach(() => {
    views.forEach(view => view.dispose());
    views = [];
    root.remove();
  });
  const all = (selector: string) =>
    [...root.querySelectorAll<HTMLElement>(selector)].filter(each => each.closest('[hidden]') === null);
  const one = (selector: string) => {
    const [found] = all(selector);
    if (!found) {
      throw new Error(`nothing that can be seen is ${selector}`);
    }
    return found;
  };
  return {
    root: () => root,
    draw(shown, acts) {
      const view = drawView(root, shown, acts);
      views.push(view);
      return view;
    },
    all,
    one,
    button: label => one(`button[aria-label="${label}"]`),
    tab: name => sure(all('[role=tab]').find(each => each.textContent?.startsWith(name))).click(),
    press: (target, key, more = {}) =>
      void target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more }))
  };
}

/** Let promises have their turn. */
export const settled = () => new Promise(resolve => setTimeout(resolve));

/** Give what must be there. */
export function sure<Type>(value: Type | null | undefined): Type {
  if (value === null || value === undefined) {
    throw new Error('it is not there');
  }
  return value;
}

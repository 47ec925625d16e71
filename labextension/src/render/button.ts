/** Buttons: plain, primary, quiet, and those that ask once more in their own place. */

import { h, say, set } from './dom';
import { glyph, type Glyph } from './glyphs';

export interface ButtonSpec {
  readonly text: string;
  readonly act: () => void;
  readonly glyph?: Glyph;
  readonly look?: string;
  readonly title?: string;
}

/** Make a button; one that is disabled can still be focused, and says so. */
export function button(spec: ButtonSpec): HTMLButtonElement {
  const made = h(
    'button',
    { type: 'button', class: `btn ${spec.look ?? ''}`.trim(), title: spec.title, 'aria-label': spec.text },
    spec.glyph ? glyph(spec.glyph) : null,
    h('span', { class: 'txt' }, spec.text)
  );
  made.addEventListener('click', () => {
    if (made.getAttribute('aria-disabled') !== 'true') {
      spec.act();
    }
  });
  return made;
}

/** Make a button that copies a text, and says so for a moment. */
export function copying(spec: Omit<ButtonSpec, 'act'>, given: () => string): HTMLButtonElement {
  const made = button({
    ...spec,
    act: () => {
      void navigator.clipboard?.writeText(given()).then(() => {
        say(made.lastElementChild ?? made, 'Copied');
        setTimeout(() => say(made.lastElementChild ?? made, spec.text), 1500);
      });
    }
  });
  return made;
}

export function enable(element: HTMLElement, enabled: boolean): void {
  set(element, { 'aria-disabled': enabled ? null : 'true' });
}

/** For how long a button asks. */
const ASKING = 4000;

/** Make a button that asks, for four seconds, before it acts. */
export function asking(spec: ButtonSpec, question: () => string): HTMLButtonElement {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const made = button({ ...spec, act: () => (timer === null ? ask() : agree()) });
  const label = made.querySelector('.txt');
  const word = (text: string, asks: boolean) => {
    set(made, { 'aria-label': text });
    made.classList.toggle('asks', asks);
    if (label) {
      label.textContent = text;
    }
  };
  const rest = () => {
    if (timer !== null) {
      clearTimeout(timer);
    }
    timer = null;
    word(spec.text, false);
  };
  const ask = () => {
    timer = setTimeout(rest, ASKING);
    word(question(), true);
  };
  const agree = () => {
    rest();
    spec.act();
  };
  return made;
}

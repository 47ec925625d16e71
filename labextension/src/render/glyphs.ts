/** Glyphs of 12 by 12, strokes only, each told apart without colour; and a state, which is always glyph and word. */

import { h, s, say, set } from './dom';

const SHAPES = {
  idle: ['M2.5 6a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0'],
  processing: ['*M2 6a4 4 0 1 0 8 0a4 4 0 1 0-8 0'],
  waiting: ['M1.5 6a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0', '*M6 1.5a4.5 4.5 0 0 1 0 9z'],
  you: ['M3.8 3.5a2.2 2.2 0 1 0 4.4 0a2.2 2.2 0 1 0-4.4 0', 'M1.5 11c.6-3 2.4-4 4.5-4s3.9 1 4.5 4'],
  done: ['M2 6.5l3 3 5-7'],
  error: ['M2.5 2.5l7 7m0-7l-7 7'],
  dead: ['M1.5 1.5h9v9h-9z', 'M4 4l4 4m0-4l-4 4'],
  refused: ['M1.5 6a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0', 'M3 9l6-6'],
  paused: ['M4 2v8m4-8v8'],
  play: ['*M3.5 2l6 4-6 4z'],
  step: ['M2 2l5 4-5 4zM10 2v8'],
  stop: ['*M2.5 2.5h7v7h-7z'],
  warn: ['M6 1.5l5 9h-10z', 'M6 5v2.5M6 8.5v1'],
  open: ['M3 4.5l3 3 3-3'],
  shut: ['M4.5 3l3 3-3 3'],
  break: ['*M4 1h4l3 3v4l-3 3h-4l-3-3v-4z'],
  repair: ['M1.5 10.5l1-3 6-6 2 2-6 6z']
} as const;

export type Glyph = keyof typeof SHAPES;

/** Draw a glyph; a star before a path fills it. */
export function glyph(name: Glyph, place: { readonly x?: number; readonly y?: number } = {}): SVGSVGElement {
  const paths = SHAPES[name].map(path =>
    s('path', { d: path.replace('*', ''), fill: path.startsWith('*') ? 'currentColor' : null })
  );
  return s(
    'svg',
    { class: 'g', viewBox: '0 0 12 12', width: 12, height: 12, 'aria-hidden': 'true', ...place },
    ...paths
  );
}

/** The hue of a state; what needs nobody has none. */
export type Hue = 'running' | 'idle' | 'attention' | 'fault';

/** A glyph and a word. */
export class State {
  readonly element: HTMLSpanElement;

  /**
   * @param look - Classes that it always has.
   * @param role - Its role, if it has one.
   */
  constructor(
    private readonly look = '',
    role: string | null = null
  ) {
    this.element = h('span', { role });
    this.word = h('span', { class: 'word' });
    this.element.append(this.word);
  }

  update(name: Glyph, hue: Hue, word: string): void {
    set(this.element, { class: `st ${hue} ${this.look}`.trim() });
    if (this.name !== name) {
      this.name = name;
      this.element.querySelector('svg')?.remove();
      this.element.prepend(glyph(name));
    }
    say(this.word, word);
  }

  private readonly word: HTMLSpanElement;
  private name: Glyph | null = null;
}

/** The time axis: a conversation runs once more, at 1, 4 or 16 times its speed, or to where it is dragged. */

import { button } from './button';
import type { Desk, Panel } from './desk';
import { h, say, set, show } from './dom';
import { glyph } from './glyphs';
import { asOf, rangeOf, type Speed, SPEEDS } from './replay';
import { lasting } from './words';

/** Milliseconds between two drawings. */
const BEAT = 100;

export class Player implements Panel {
  readonly element = h('div', { class: 'replay', role: 'toolbar', 'aria-label': 'Replay', hidden: true });

  constructor(private readonly desk: Desk) {
    this.toggle = button({ text: 'Pause', glyph: 'paused', act: () => this.turn() });
    this.slider.addEventListener('input', () => this.drag(Number(this.slider.value)));
    this.element.addEventListener('keydown', event => {
      if (event.key === 'Escape') {
        this.close();
      }
    });
  }

  /** The conversation that is replayed, if one is. */
  get conversation(): number | null {
    return this.playing;
  }

  /** Begin with a conversation. */
  open(conversation: number): void {
    const range = rangeOf(this.desk.real, conversation, this.desk.now);
    if (range === null) {
      return;
    }
    this.fill();
    this.playing = conversation;
    this.session = this.desk.real.session;
    [this.from, this.to] = range;
    this.at = this.from;
    this.back = document.activeElement;
    this.run();
    this.drawn();
    this.toggle.focus();
  }

  /** Make the controls, when they are first needed. */
  private fill(): void {
    if (this.speeds.size === 0) {
      const close = button({ text: 'End replay', look: 'quiet', act: () => this.close() });
      for (const speed of SPEEDS) {
        const act = () => this.rush(speed);
        this.speeds.set(speed, button({ text: `${speed} ×`, act, title: `${speed} times its speed` }));
      }
      this.element.append(this.name, this.toggle, this.slider, this.time, ...this.speeds.values(), close);
    }
  }

  /** Go back to what is now. */
  close(): void {
    this.halt();
    this.playing = null;
    this.desk.replay(null);
    if (this.back instanceof HTMLElement || this.back instanceof SVGElement) {
      this.back.focus();
    }
  }

  dispose(): void {
    this.halt();
  }

  update(): void {
    if (this.session !== this.desk.real.session) {
      this.halt();
      this.playing = null;
    }
    const { playing } = this;
    show(this.element, playing !== null);
    if (playing !== null) {
      say(this.name, `Replay of #${playing}`);
      this.drawToggle(this.beat !== null);
      this.drawTime();
    }
  }

  private drawToggle(runs: boolean): void {
    const word = runs ? 'Pause' : 'Play';
    if (this.toggle.getAttribute('aria-label') !== word) {
      this.toggle.firstElementChild?.replaceWith(glyph(runs ? 'paused' : 'play'));
      set(this.toggle, { 'aria-label': word });
      say(this.toggle.lastElementChild ?? this.toggle, word);
    }
  }

  private drawTime(): void {
    const [done, all] = [lasting(this.at - this.from), lasting(this.to - this.from)];
    set(this.slider, { max: this.to - this.from, 'aria-valuetext': `${done} of ${all}` });
    this.slider.value = String(this.at - this.from);
    say(this.time, `${done} of ${all}`);
    for (const [speed, made] of this.speeds) {
      set(made, { 'aria-pressed': String(speed === this.speed) });
    }
  }

  private turn(): void {
    if (this.beat !== null) {
      this.halt();
    } else {
      this.at = this.at >= this.to ? this.from : this.at;
      this.run();
    }
    this.drawn();
  }

  private rush(speed: Speed): void {
    this.speed = speed;
    this.drawn();
  }

  private drag(after: number): void {
    this.at = Math.min(this.to, this.from + after);
    this.drawn();
  }

  private run(): void {
    this.halt();
    this.beat = setInterval(() => this.step(), BEAT);
  }

  private halt(): void {
    if (this.beat !== null) {
      clearInterval(this.beat);
      this.beat = null;
    }
  }

  private step(): void {
    this.at = Math.min(this.to, this.at + BEAT * this.speed);
    if (this.at >= this.to) {
      this.halt();
    }
    this.drawn();
  }

  /** Have the view draw that moment. */
  private drawn(): void {
    const { playing, at } = this;
    if (playing !== null) {
      this.desk.replay(real => asOf(real, playing, at));
    }
  }

  private readonly name = h('span', { class: 'title dense' });
  private readonly time = h('span', { class: 'dense muted' });
  private readonly slider = h('input', { type: 'range', min: 0, step: 'any', 'aria-label': 'Time' });
  private readonly toggle: HTMLButtonElement;
  private readonly speeds = new Map<Speed, HTMLButtonElement>();
  private session = '';
  private playing: number | null = null;
  private beat: ReturnType<typeof setInterval> | null = null;
  private speed: Speed = 1;
  private from = 0;
  private to = 0;
  private at = 0;
  private back: Element | null = null;
}

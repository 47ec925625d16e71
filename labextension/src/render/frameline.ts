/** The first line of a view: name, state, numbers and controls; below it a notice while there is something to do. */

import { asking, button, enable } from './button';
import type { Desk, Panel } from './desk';
import { h, say, set, show } from './dom';
import { glyph, type Glyph, type Hue, State } from './glyphs';
import { block, count, plain, plural } from './words';

const STATES: Readonly<Record<string, readonly [Glyph, Hue]>> = {
  running: ['processing', 'running'],
  paused: ['paused', 'attention'],
  stopping: ['stop', 'idle'],
  stopped: ['stop', 'idle'],
  gone: ['dead', 'idle']
};

/** For how long messages are counted to say how many there are in a second. */
const RATE_MS = 5000;

export class FrameLine implements Panel {
  readonly element: HTMLElement;

  constructor(private readonly desk: Desk) {
    const { actions } = desk;
    this.element = h('div', { class: 'frame' }, this.bar, this.notice);
    this.bar.append(this.title, this.state.element, this.numbers);
    if (actions) {
      this.pause = button({ text: 'Pause', glyph: 'paused', act: () => this.toggle(), title: 'Pause (p)' });
      this.step = button({
        text: 'Step',
        glyph: 'step',
        act: () => actions.step(),
        title: 'Step (s): only while paused'
      });
      this.stop = asking(
        { text: 'Stop', glyph: 'stop', act: () => actions.stop(), title: 'Stop' },
        () => `Stop ${plain(desk.snapshot.organism.name, 40)}?`
      );
      this.controls.append(this.pause, this.step, this.stop);
      this.bar.append(this.controls);
    }
  }

  update(): void {
    const { organism, live } = this.desk.snapshot;
    const name = plain(organism.name, 60);
    say(this.title, name);
    set(this.controls, { 'aria-label': `Controls of ${name}` });
    this.drawState();
    this.drawNumbers();
    if (this.pause && this.step && this.stop) {
      this.drawControls(this.pause, this.step, this.stop);
    }
    this.drawNotice(live && (organism.state === 'stopped' || organism.state === 'gone'));
  }

  /** Below the line, what there is to do; nothing most of the time. */
  private drawNotice(ended: boolean): void {
    const { blocked } = this.desk.snapshot;
    const words = blocked ? block(blocked, 400) : ended ? 'Run the %%organism cell to start again.' : '';
    show(this.notice, words !== '');
    this.notice.classList.toggle('fault', blocked !== undefined);
    set(this.notice, { role: blocked ? 'alert' : null });
    say(this.notice, words);
  }

  private drawState(): void {
    const { organism, live } = this.desk.snapshot;
    if (this.desk.snapshot.blocked && organism.state !== 'gone') {
      this.state.update('warn', 'fault', 'loop blocked');
      return;
    }
    const word = organism.state === 'gone' ? 'kernel gone' : plain(organism.state, 20);
    const [mark, hue] = (live ? STATES[organism.state] : null) ?? ['idle', 'idle'];
    this.state.update(mark, hue, live ? word : `${word} when saved`);
  }

  /** Pause, or go on. */
  toggle(): void {
    const { actions, snapshot } = this.desk;
    if (snapshot.organism.state === 'paused') {
      actions?.resume();
    } else if (snapshot.organism.state === 'running') {
      actions?.pause();
    }
  }

  private drawNumbers(): void {
    const { organism, messages, threads, live } = this.desk.snapshot;
    const parts =
      organism.state === 'paused'
        ? [bold(organism.queued), ' held · ', bold(organism.running), ' still running']
        : organism.state === 'running' && live
          ? [bold(organism.flying), ' in flight', h('span', { class: 'hide-narrow' }, ' · ', this.rate(), ' msg/s')]
          : [`${plural(messages.total, 'message')}, ${plural(threads.total, 'conversation')}`];
    const shown = h('span', {}, ...parts);
    if (shown.textContent !== this.numbers.textContent) {
      this.numbers.replaceChildren(...shown.childNodes);
    }
  }

  /** Messages in a second, over the last five. */
  private rate(): HTMLElement {
    const now = performance.now();
    const { total } = this.desk.snapshot.messages;
    this.counts.push([now, total]);
    while (this.counts.length > 1 && now - (this.counts[0]?.[0] ?? now) > RATE_MS) {
      this.counts.shift();
    }
    const [then, before] = this.counts[0] ?? [now, total];
    const rate = (total - before) / Math.max(1, (now - then) / 1000);
    this.rated = rate > 0;
    return h('b', {}, rate < 10 ? rate.toFixed(1) : count(rate));
  }

  private drawControls(pause: HTMLElement, step: HTMLElement, stop: HTMLElement): void {
    const { state } = this.desk.snapshot.organism;
    const paused = state === 'paused';
    const alive = paused || state === 'running';
    show(this.controls, alive || state === 'stopping');
    enable(pause, alive);
    enable(step, paused);
    enable(stop, alive);
    if (pause.classList.contains('primary') !== paused) {
      turn(pause, paused);
    }
  }

  /** Whether there is a rate that has to fall while nothing comes. */
  rated = false;

  private readonly bar = h('div', { class: 'bar' });
  private readonly title = h('span', { class: 'title' });
  private readonly state = new State('', 'status');
  private readonly numbers = h('span', { class: 'nums' });
  private readonly controls = h('span', { class: 'controls', role: 'toolbar' });
  private readonly notice = h('div', { class: 'notice', hidden: true });
  private readonly pause: HTMLButtonElement | null = null;
  private readonly step: HTMLButtonElement | null = null;
  private readonly stop: HTMLButtonElement | null = null;
  private readonly counts: [number, number][] = [];
}

/** Make the button that pauses the one that goes on, or back. */
function turn(pause: HTMLElement, paused: boolean): void {
  const word = paused ? 'Resume' : 'Pause';
  pause.classList.toggle('primary', paused);
  pause.firstElementChild?.replaceWith(glyph(paused ? 'play' : 'paused'));
  set(pause, { 'aria-label': word, title: `${word} (p)` });
  say(pause.lastElementChild ?? pause, word);
}

function bold(value: number): HTMLElement {
  return h('b', {}, count(value));
}

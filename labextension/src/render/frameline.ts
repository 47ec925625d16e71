/** The first line of a view: name, state, numbers and controls; below it a notice while there is something to do. */

import { asking, button, enable } from './button';
import { BreakpointsMenu } from './breakpoints';
import { firstHeld, HeldLine } from './held';
import { NeedYou } from './need';
import { noticeOf } from './notice';
import type { Desk, Panel } from './desk';
import type { OrganismRow } from '../protocol';
import { type Child, h, say, set, show } from './dom';
import { glyph, type Glyph, type Hue, State } from './glyphs';
import { count, lasting, plain, plural } from './words';

const STATES: Readonly<Record<string, readonly [Glyph, Hue]>> = {
  running: ['processing', 'running'],
  paused: ['paused', 'attention'],
  replay: ['play', 'idle'],
  stopping: ['stop', 'idle'],
  stopped: ['stop', 'idle']
};

/** For how long messages are counted to say how many there are in a second. */
const RATE_MS = 5000;

export class FrameLine implements Panel {
  readonly element: HTMLElement;

  constructor(private readonly desk: Desk) {
    const { actions } = desk;
    this.need = new NeedYou(desk);
    this.breakpoints = new BreakpointsMenu(desk);
    this.held = new HeldLine(desk);
    this.element = h('div', { class: 'frame' }, this.bar, this.notice, this.held.element);
    this.bar.append(
      this.title,
      h('span', { class: 'how' }, this.state.element, this.lasting),
      this.numbers,
      this.need.element
    );
    if (actions) {
      this.pause = button({ text: 'Pause', glyph: 'paused', act: () => this.toggle(), title: 'Pause (p)' });
      this.step = button({
        text: 'Step',
        glyph: 'step',
        act: () => actions.step(),
        title: 'Step (s): only while paused or held'
      });
      this.stop = asking(
        { text: 'Stop', glyph: 'stop', act: () => actions.stop(), title: 'Stop' },
        () => `Stop ${plain(desk.snapshot.organism.name, 40)}?`
      );
      this.controls.append(this.pause, this.step, this.stop, this.breakpoints.element);
      this.bar.append(this.controls);
    }
  }

  update(): void {
    const { organism } = this.desk.snapshot;
    const name = plain(organism.name, 60);
    say(this.title, name);
    set(this.controls, { 'aria-label': `Controls of ${name}` });
    this.drawState();
    this.drawNumbers();
    this.need.update();
    if (this.pause && this.step && this.stop) {
      this.drawControls(this.pause, this.step, this.stop);
    }
    this.drawNotice();
    this.breakpoints.update();
    this.held.update();
  }

  /** Below the line, what there is to do; nothing most of the time. */
  private drawNotice(): void {
    const { snapshot } = this.desk;
    const key = `${snapshot.blocked} ${snapshot.lost} ${snapshot.live} ${snapshot.organism.state} ${snapshot.organism.store}`;
    if (key === this.noticed) {
      return;
    }
    this.noticed = key;
    const { blocked } = snapshot;
    const notice = noticeOf(this.desk, this.notice);
    show(this.notice, notice.length > 0);
    this.notice.classList.toggle('fault', blocked !== undefined);
    set(this.notice, { role: blocked ? 'alert' : null });
    this.notice.replaceChildren(...notice);
  }

  private drawState(): void {
    const { organism, live, blocked, lost } = this.desk.snapshot;
    const hogged = blocked !== undefined && lost === undefined;
    this.drawHogged(hogged);
    if (hogged) {
      this.state.update('warn', 'fault', 'loop blocked');
    } else if (lost) {
      this.state.update('dead', 'idle', 'kernel gone');
    } else {
      this.drawLife(live, organism.state);
    }
  }

  private drawLife(live: boolean, state: string): void {
    const held = state === 'running' ? firstHeld(this.desk) : undefined;
    if (held) {
      this.state.update('break', 'attention', `held at ${plain(held.to, 40)}`);
    } else {
      const [mark, hue] = (live ? STATES[state] : null) ?? ['idle', 'idle'];
      this.state.update(mark, hue, plain(state, 20) + (live ? '' : ' when saved'));
    }
  }

  /** Say for how long the loop has been held. */
  private drawHogged(hogged: boolean): void {
    const now = performance.now();
    this.blockedSince = hogged ? (this.blockedSince ?? now) : null;
    say(this.lasting, this.blockedSince === null ? '' : lasting(now - this.blockedSince));
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

  /** Let one message go, while it is paused or something is held. */
  stepOn(): void {
    if (this.canStep()) {
      this.desk.actions?.step();
    }
  }

  private canStep(): boolean {
    const { state } = this.desk.snapshot.organism;
    return state === 'paused' || (state === 'running' && firstHeld(this.desk) !== undefined);
  }

  private drawNumbers(): void {
    const shown = h('span', {}, ...this.numbersNow());
    if (shown.textContent !== this.numbers.textContent) {
      this.numbers.replaceChildren(...shown.childNodes);
    }
  }

  private numbersNow(): Child[] {
    const { organism, messages, threads, live, lost, blocked } = this.desk.snapshot;
    const { state } = organism;
    const moving = live && lost === undefined ? state : '';
    if (moving === 'paused') {
      return pausedNow(organism);
    }
    if (moving !== 'running') {
      return [`${plural(messages.total, 'message')}, ${plural(threads.total, 'conversation')}`];
    }
    // What the kernel said last is old by now, and a rate would only fall.
    const rate = blocked === undefined ? h('span', { class: 'hide-narrow' }, ' · ', this.rate(), ' msg/s') : null;
    const { flying } = organism;
    return flying === 0 && rate === null ? [] : [bold(flying), ' in flight', ...heldNow(organism), rate];
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
    const alive = (paused || state === 'running') && this.desk.snapshot.lost === undefined;
    show(this.controls, alive || state === 'stopping');
    enable(pause, alive);
    enable(step, this.canStep());
    enable(stop, alive);
    if (pause.classList.contains('primary') !== paused) {
      turn(pause, paused);
    }
  }

  readonly breakpoints: BreakpointsMenu;
  readonly held: HeldLine;
  /** Whether there is a rate that has to fall while nothing comes. */
  rated = false;

  /** For how long the loop has been blocked; nobody wants to hear that again every second. */
  private readonly lasting = h('span', { class: 'st fault', 'aria-hidden': 'true' });
  private blockedSince: number | null = null;
  private noticed = '';
  private readonly bar = h('div', { class: 'bar' });
  private readonly title = h('span', { class: 'title' });
  private readonly state = new State('', 'status');
  private readonly numbers = h('span', { class: 'nums' });
  private readonly controls = h('span', { class: 'controls', role: 'toolbar' });
  private readonly notice = h('div', { class: 'notice', hidden: true });
  private readonly pause: HTMLButtonElement | null = null;
  private readonly step: HTMLButtonElement | null = null;
  private readonly stop: HTMLButtonElement | null = null;
  /** How many questions wait for the person. */
  readonly need: NeedYou;
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

/** What is held at breakpoints is counted apart from what only waits for all to go on. */
function pausedNow(organism: OrganismRow): Child[] {
  const { queued, running, holding = 0 } = organism;
  return [bold(queued - holding), ' queued · ', bold(running), ' still running', ...heldNow(organism)];
}

function heldNow({ holding = 0 }: OrganismRow): Child[] {
  return holding > 0 ? [' · ', bold(holding), ' held'] : [];
}

function bold(value: number): HTMLElement {
  return h('b', {}, count(value));
}

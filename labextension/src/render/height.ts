/** A part of a view whose height is fixed: what comes later scrolls in it, and the cells below stay where they are. */

import { h, set } from './dom';

const LEAST = 96;
const MOST = 1200;
const STEP = 24;

export class Sized {
  readonly element: HTMLElement;

  /**
   * @param room - What is in it.
   * @param label - What it is, for those who hear it.
   * @param usual - The height in pixels until somebody drags it; null is as much as there is to see at first.
   * @param tallest - The most that it has by itself.
   */
  constructor(
    private readonly room: HTMLElement,
    label: string,
    private usual: number | null,
    private readonly tallest = 520
  ) {
    room.classList.add('room');
    set(this.grip, { 'aria-label': `Height of ${label}`, 'aria-valuemin': LEAST, 'aria-valuemax': MOST });
    this.element = h('div', { class: 'sized' }, room, this.grip);
    this.grip.addEventListener('keydown', event => this.pressed(event));
    this.grip.addEventListener('pointerdown', event => this.dragged(event));
    this.grip.addEventListener('dblclick', () => {
      this.own = null;
      this.measure();
    });
  }

  /** Give it another height by itself, as where there is less width. */
  usually(height: number | null): void {
    if (this.usual !== height) {
      this.usual = height;
      this.measure();
    }
  }

  /** Fix the height, if that was not done yet and it can be seen. */
  settle(): void {
    if (this.height === null && this.element.offsetParent !== null) {
      this.measure();
    }
  }

  /** Find the height anew: a person did something, or the width has changed. */
  measure(): void {
    this.height = this.own ?? this.usual ?? this.natural();
    set(this.room, { style: this.height === null ? null : `height: ${this.height}px` });
    set(this.grip, { 'aria-valuenow': this.height });
  }

  private natural(): number | null {
    set(this.room, { style: null });
    const height = this.room.scrollHeight;
    return height === 0 ? null : Math.min(height, this.tallest);
  }

  private take(height: number): void {
    this.own = Math.round(Math.min(MOST, Math.max(LEAST, height)));
    this.measure();
  }

  private pressed(event: KeyboardEvent): void {
    const step = { ArrowUp: -STEP, ArrowDown: STEP }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      this.take(this.room.offsetHeight + step);
    }
  }

  private dragged(event: PointerEvent): void {
    event.preventDefault();
    this.grip.focus();
    const { grip } = this;
    const from = this.room.offsetHeight - event.clientY;
    const move = (next: PointerEvent) => this.take(from + next.clientY);
    grip.setPointerCapture(event.pointerId);
    grip.addEventListener('pointermove', move);
    grip.addEventListener('lostpointercapture', () => grip.removeEventListener('pointermove', move), { once: true });
  }

  private readonly grip = h('div', {
    class: 'grip',
    role: 'separator',
    tabindex: 0,
    'aria-orientation': 'horizontal',
    title: 'Drag to change the height, or use the up and down keys; double click for the usual height'
  });
  private own: number | null = null;
  private height: number | null = null;
}

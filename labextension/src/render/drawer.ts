/** The drawer below the graph: the contract of the listener that is selected. */

import type { FrameRow, ListenerDetail, NodeRow } from '../protocol';
import { button, copying } from './button';
import { stops, toggle } from './breakpoints';
import type { Desk, Panel } from './desk';
import { type Child, h, say, set, show } from './dom';
import { type Glyph, type Hue, State } from './glyphs';
import { listens, wish } from './host';
import { stateWords } from './node';
import { block, count, lasting, plain, took } from './words';
import { xml } from './xml';

const MARKS: Readonly<Record<NodeRow['state'], readonly [Glyph, Hue]>> = {
  idle: ['idle', 'idle'],
  processing: ['processing', 'running'],
  waiting: ['waiting', 'idle'],
  asking: ['you', 'attention'],
  held: ['break', 'attention'],
  error: ['error', 'fault']
};
const FIRST_LINES = 4;

export class Drawer implements Panel {
  readonly element = h('aside', { class: 'sub', hidden: true });

  /**
   * @param desk - What is shown.
   * @param close - Closes the drawer and gives the focus back.
   */
  constructor(
    private readonly desk: Desk,
    close: () => void
  ) {
    const shut = button({
      text: 'Close details',
      glyph: 'error',
      look: 'quiet icon',
      act: close,
      title: 'Close (Esc)'
    });
    const messages = button({ text: 'Show messages', look: 'quiet', act: () => this.showMessages() });
    const gap = h('span', { class: 'gap' });
    this.stop = desk.actions ? button({ text: 'Break on message', look: 'quiet', act: () => this.toggle() }) : null;
    this.head.append(this.name, this.state.element, gap, ...(this.stop ? [this.stop] : []), messages, shut);
    this.element.append(this.head, this.body);
  }

  update(): void {
    const { selection, snapshot } = this.desk;
    const node = snapshot.graph.nodes.find(each => each.key === selection.listener);
    show(this.element, node !== undefined);
    if (node === undefined) {
      this.drawn = null;
      return;
    }
    this.element.setAttribute('aria-label', `Listener ${plain(node.key)}`);
    say(this.name, plain(node.key, 60));
    this.state.update(...(MARKS[node.state] ?? MARKS.idle), this.words(node));
    this.drawStop(node);
    const detail = snapshot.details?.listeners?.[node.key];
    if (detail === undefined) {
      this.desk.want('listeners', node.key);
    }
    this.draw(node, detail);
  }

  /** Say for whom it waits and for how long, where that is one thing; else what its node says. */
  private words(node: NodeRow): string {
    const { snapshot, now } = this.desk;
    const { frames } = snapshot.threads;
    const own = frames.filter(frame => frame.name === node.key && frame.state === 'waiting');
    const below = frames.filter(frame => frame.parent === own[0]?.key && isOpen(frame));
    if (node.state !== 'waiting' || node.queue > 0 || own.length !== 1 || below.length === 0) {
      return stateWords(node, now);
    }
    const names = [...new Set(below.map(frame => plain(frame.name, 60)))].slice(0, 3).join(', ');
    const since = Math.min(...below.map(frame => frame.opened ?? now));
    return `waiting for ${names}${snapshot.live ? `, ${lasting(now - since)}` : ''}`;
  }

  private draw(node: NodeRow, detail: ListenerDetail | undefined): void {
    const counts = this.counts(node);
    const drawn = JSON.stringify([node.key, counts]);
    if (drawn === this.drawn && detail === this.detail) {
      return;
    }
    const same = detail === this.detail && this.listener === node.key;
    this.drawn = drawn;
    this.detail = detail;
    this.listener = node.key;
    const facts = h('dl', { class: 'facts' }, ...this.facts(node, detail), ...counts.flatMap(pair => fact(...pair)));
    if (same && this.body.firstElementChild) {
      this.body.firstElementChild.replaceWith(facts);
    } else {
      this.body.replaceChildren(
        facts,
        ...(detail ? [this.example(node, detail), ...(detail.prompt ? [prompt(detail)] : [])] : [])
      );
    }
  }

  private counts(node: NodeRow): [string, string][] {
    const errors = [
      node.errors ? `${count(node.errors)} failed` : '',
      node.refused ? `${count(node.refused)} refused` : ''
    ];
    return [
      ['handled', [count(node.handled), ...median(node)].join(', ')],
      ['errors', errors.filter(Boolean).join(', ') || '–']
    ];
  }

  private facts(node: NodeRow, detail: ListenerDetail | undefined): Child[] {
    if (detail === undefined) {
      return fact('kind', node.kind);
    }
    const peers = detail.peers === null ? 'anybody' : detail.peers.map(peer => plain(peer, 60)).join(', ') || 'nobody';
    return [
      ...fact('kind', node.kind),
      ...(detail.description ? fact('does', plain(detail.description, 200)) : []),
      ...fact('accepts', ...codes(detail.accepts)),
      ...fact('answers', ...codes(detail.answers)),
      ...fact('peers', peers),
      ...fact('handler', ...handler(detail))
    ];
  }

  private example(node: NodeRow, detail: ListenerDetail): HTMLElement {
    const shown = h('div', {}, h('h4', {}, 'Example'), detail.example ? xml(detail.example) : '–');
    const cell = `%%inject ${this.desk.snapshot.organism.name}/${node.key}\n${detail.example}`;
    const acts = h('div', { class: 'row acts' });
    if (this.desk.actions && detail.example) {
      acts.append(
        listens(this.element)
          ? button({ text: 'Inject this…', act: () => wish(this.element, { insert: cell }), title: 'Write a cell' })
          : copying({ text: 'Copy as a cell', title: '%%inject with this example' }, () => cell)
      );
    }
    shown.append(acts);
    if (detail.xsd) {
      unfolding(acts, shown, 'XSD', () => xml(detail.xsd));
    }
    return shown;
  }

  private drawStop(node: NodeRow): void {
    if (this.stop) {
      const set_ = stops(this.desk, node.key);
      const word = set_ ? 'Break no more' : 'Break on message';
      show(this.stop, node.kind !== 'port');
      set(this.stop, { 'aria-label': word, title: `${word} (b)` });
      say(this.stop.lastElementChild ?? this.stop, word);
    }
  }

  private toggle(): void {
    const { listener } = this.desk.selection;
    if (listener !== null) {
      toggle(this.desk, listener);
    }
  }

  private showMessages(): void {
    const { listener } = this.desk.selection;
    if (listener !== null) {
      this.desk.filter = `with:${listener}`;
      this.desk.open('messages');
    }
  }

  private readonly head = h('div', { class: 'head' });
  private readonly body = h('div', { class: 'drawer' });
  private readonly stop: HTMLButtonElement | null;
  private readonly name = h('h3');
  private readonly state = new State('dense');
  private drawn: string | null = null;
  private detail: ListenerDetail | undefined;
  private listener = '';
}

function median(node: NodeRow): string[] {
  if (node.median === undefined) {
    return [];
  }
  return [`median ${took(node.median)}`];
}

function fact(name: string, ...value: Child[]): Child[] {
  return [h('dt', {}, name), h('dd', {}, ...value)];
}

function codes(names: readonly string[]): Child[] {
  return names.length ? names.flatMap((name, at) => [at ? ', ' : null, h('code', {}, plain(name, 60))]) : ['–'];
}

function isOpen(frame: FrameRow): boolean {
  return frame.state === 'processing' || frame.state === 'waiting';
}

/** A handler's name in code; where it stands, as the notebook numbers its cells. */
function handler(detail: ListenerDetail): Child[] {
  const [name = '', ...place] = detail.handler.split(', ');
  const where = [detail.cell === undefined ? '' : `cell ${detail.cell}`, ...place].filter(Boolean).join(', ');
  return [h('code', {}, plain(name)), where ? `, ${plain(where)}` : null];
}

function prompt(detail: ListenerDetail): HTMLElement {
  const lines = detail.prompt.split('\n');
  const cut = lines.length > FIRST_LINES;
  const title = cut ? `Prompt, first lines of ${count(lines.length)}` : 'Prompt';
  const shown = h('div', {}, h('h4', {}, title));
  shown.append(h('p', { class: 'prose' }, block(lines.slice(0, FIRST_LINES).join('\n'), 600)));
  if (cut) {
    unfolding(shown, shown, 'Whole prompt', () => h('pre', {}, block(detail.prompt)));
  }
  return shown;
}

/** Add a quiet button that shows something at the end of a box, and hides it again. */
function unfolding(beside: HTMLElement, box: HTMLElement, text: string, make: () => HTMLElement): void {
  let shown: HTMLElement | null = null;
  const opener = button({
    text,
    look: beside === box ? 'quiet flush' : 'quiet',
    act: () => {
      if (shown) {
        shown.remove();
        shown = null;
      } else {
        shown = make();
        box.append(shown);
      }
      opener.setAttribute('aria-expanded', String(shown !== null));
    }
  });
  opener.setAttribute('aria-expanded', 'false');
  beside.append(opener);
}

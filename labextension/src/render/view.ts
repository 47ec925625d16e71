/** A whole view: frame line, tabs and the open panel; it draws snapshots and never asks for anything by itself. */

import type { Snapshot } from '../protocol';
import { BudgetsPanel } from './budgets';
import { type Actions, Desk, type Panel, type Tab } from './desk';
import { h, set, show } from './dom';
import { FrameLine } from './frameline';
import { GraphPanel } from './graph';
import { MessagesPanel } from './messages';
import { Player } from './player';
import { Tabs } from './tabs';
import { ThreadsPanel } from './threads';
import { WorkersPanel } from './workers';

export type { Actions } from './desk';

export interface View {
  update(snapshot: Snapshot): void;
  dispose(): void;
}

const NARROW = 560;
/** What shows as text what a part of the view shows. */
const AS_TEXT: Readonly<Record<Tab, string>> = {
  graph: '%organism graph',
  threads: '%organism threads',
  budgets: '%organism budgets',
  messages: '%organism threads',
  workers: '%organism doctor'
};

/**
 * Draw a snapshot into an element.
 *
 * Whatever the snapshot says is only ever shown as text. Without `actions` nothing can be done, only seen.
 */
export function drawView(root: HTMLElement, snapshot: Snapshot, actions?: Actions): View {
  return new OrganismView(root, snapshot, actions);
}

class OrganismView implements View {
  constructor(root: HTMLElement, snapshot: Snapshot, actions: Actions | undefined) {
    this.desk = new Desk(
      snapshot,
      actions,
      () => this.draw(),
      tab => this.open(tab)
    );
    this.frame = new FrameLine(this.desk);
    this.tabs = new Tabs(this.desk, () => this.tab);
    this.graph = new GraphPanel(this.desk);
    this.messages = new MessagesPanel(this.desk);
    this.player = new Player(this.desk);
    this.threads = new ThreadsPanel(this.desk, conversation => this.player.open(conversation));
    this.budgets = new BudgetsPanel(this.desk);
    this.workers = new WorkersPanel(this.desk);
    this.panels = {
      graph: this.graph,
      threads: this.threads,
      budgets: this.budgets,
      messages: this.messages,
      workers: this.workers
    };
    this.box.append(this.frame.element, this.tabs.element, this.player.element, ...this.panelElements());
    root.append(this.box);
    this.box.addEventListener('keydown', event => this.pressed(event));
    this.watchSize();
    this.draw();
    this.ticking = setInterval(() => this.tick(), 1000);
  }

  update(snapshot: Snapshot): void {
    this.desk.received(snapshot);
    this.draw();
  }

  dispose(): void {
    clearInterval(this.ticking);
    this.size?.disconnect();
    this.graph.dispose();
    this.player.dispose();
    this.box.remove();
  }

  private panelElements(): HTMLElement[] {
    return Object.entries(this.panels).map(([tab, panel]) => {
      const id = `${this.desk.id}-${tab}`;
      set(panel.element, { role: 'tabpanel', id: `${id}-panel`, 'aria-labelledby': id });
      panel.element.classList.add('tabpanel');
      return panel.element;
    });
  }

  /** Draw what can be seen; a part that fails says so, and the others go on. */
  private draw(): void {
    this.attempt(this.frame);
    this.attempt(this.tabs);
    this.attempt(this.player);
    for (const [tab, panel] of Object.entries(this.panels)) {
      show(panel.element, tab === this.tab);
      if (tab === this.tab) {
        this.attempt(panel);
      }
    }
  }

  private attempt(panel: Panel): void {
    try {
      panel.update();
      if (this.failed.delete(panel)) {
        panel.element.querySelector('.failed')?.remove();
      }
    } catch (error) {
      console.error(error);
      if (!this.failed.has(panel)) {
        this.failed.add(panel);
        const command = h('code', {}, AS_TEXT[this.tab]);
        const words = ['This part of the view failed; ', command, ' shows the same as text.'];
        panel.element.prepend(h('p', { class: 'blank failed' }, ...words));
      }
    }
  }

  private open(tab: Tab): void {
    this.tab = tab;
    this.draw();
    const panel = tab === 'graph' ? null : this[tab];
    if (panel === null || !this.box.contains(document.activeElement)) {
      this.tabs.focus(tab);
    } else if (document.activeElement?.getAttribute('role') !== 'tab') {
      panel.focus();
    }
  }

  /** Once a second, while something runs and the view is on the page: times go on. */
  private tick(): void {
    const moves = this.moves();
    if ((moves || this.moved) && this.box.offsetParent !== null && !document.hidden) {
      this.draw();
    }
    this.moved = moves;
  }

  private moves(): boolean {
    const { live, organism, blocked, lost } = this.desk.snapshot;
    const alive = live && lost === undefined;
    return alive && (organism.flying > 0 || organism.active > 0 || this.frame.rated || blocked !== undefined);
  }

  private watchSize(): void {
    const measure = () => {
      const width = this.box.clientWidth;
      if (width > 0 && width !== this.desk.width) {
        this.desk.width = width;
        this.desk.narrow = width < NARROW;
        this.draw();
      }
    };
    if (typeof ResizeObserver !== 'undefined') {
      this.size = new ResizeObserver(measure);
      this.size.observe(this.box);
    }
    measure();
  }

  /** Single letters work while the focus is in the view and in no field; they never reach the notebook. */
  private pressed(event: KeyboardEvent): void {
    event.stopPropagation();
    if (event.defaultPrevented || isTaken(event.target as Element, event)) {
      return;
    }
    const act = this.keys[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  }

  private readonly keys: Readonly<Record<string, () => void>> = {
    '/': () => {
      this.open('messages');
      this.messages.search();
    },
    p: () => this.frame.toggle(),
    ' ': () => this.frame.toggle(),
    s: () => this.frame.stepOn(),
    '.': () => this.frame.stepOn(),
    g: () => this.openTab('graph'),
    t: () => this.openTab('threads'),
    b: () => this.openTab('budgets'),
    m: () => this.openTab('messages'),
    w: () => this.openTab('workers'),
    n: () => this.frame.need.next()
  };

  private openTab(tab: Tab): void {
    this.open(tab);
    this.tabs.focus(tab);
  }

  private readonly desk: Desk;
  private readonly frame: FrameLine;
  private readonly tabs: Tabs;
  private readonly graph: GraphPanel;
  private readonly threads: ThreadsPanel;
  private readonly messages: MessagesPanel;
  private readonly budgets: BudgetsPanel;
  private readonly workers: WorkersPanel;
  private readonly player: Player;
  private readonly panels: Readonly<Record<Tab, Panel>>;
  private readonly box = h('div', { class: 'xp-view', 'data-lm-suppress-shortcuts': 'true' });
  private readonly failed = new Set<Panel>();
  private readonly ticking: ReturnType<typeof setInterval>;
  private size: ResizeObserver | null = null;
  private tab: Tab = 'graph';
  private moved = false;
}

/** A field takes every key, a button the space bar; keys with Ctrl and the like are the browser's. */
function isTaken(target: Element, event: KeyboardEvent): boolean {
  const typing = target.closest('input, textarea') !== null;
  return (
    typing || event.ctrlKey || event.metaKey || event.altKey || (event.key === ' ' && target.closest('button') !== null)
  );
}

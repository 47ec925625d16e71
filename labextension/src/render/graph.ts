/** The Graph tab: nodes that never move while the view is open, edges with their traffic, and the drawer below. */

import type { EdgeRow, NodeRow, Snapshot } from '../protocol';
import { stops, toggle } from './breakpoints';
import type { Desk, Panel } from './desk';
import { h, List, s, set } from './dom';
import { Drawer } from './drawer';
import { Flights, isCovered, labelPart, type Line, linePart, markers } from './edge';
import { Sized } from './height';
import { Roving } from './keyboard';
import { column, type Picture } from './lanes';
import { legend } from './legend';
import { type Box, nodePart } from './node';
import { withOctagon } from './octagon';
import { plain, plural } from './words';

/** A graph of more pixels scrolls, until somebody drags it taller. */
const TALLEST = 640;
/** The picture is made smaller where there is less room, down to this; where that is too little it turns into a column. */
const SMALLEST = 0.8;
/** So many pixels are to the left and to the right of it. */
const INSET = 26;

export class GraphPanel implements Panel {
  readonly element = h('div');

  constructor(private readonly desk: Desk) {
    const frame = h('div', { class: 'panel' }, this.svg);
    this.svg.append(markers(desk.id), this.lineLayer, this.labelLayer, this.nodeLayer);
    this.drawer = new Drawer(desk, () => this.close());
    this.sized = new Sized(h('div', {}, frame, legend()), 'the graph', null, TALLEST);
    this.element.append(this.sized.element, this.drawer.element);
    this.flights = new Flights(desk);
    const line = (edge: EdgeRow) => this.line(edge);
    const look = (edge: EdgeRow) => this.flights.look(edge);
    this.lines = new List(this.lineLayer, linePart(desk.id, line, look));
    this.labels = new List(this.labelLayer, labelPart(line, look));
    const box = (node: NodeRow) => this.box(node);
    const parts = nodePart(
      box,
      node => node.key === desk.selection.listener,
      node => this.choose(node),
      () => desk.now
    );
    this.nodes = new List(
      this.nodeLayer,
      withOctagon(parts, box, node => stops(desk, node.key))
    );
    // On the HTML around it: an SVG group that listens for focus is a stop of the tab key in some browsers.
    this.roving = new Roving(frame, '.node', (from, key) => this.step(from, key));
    this.element.addEventListener('keydown', event => {
      if (event.key === 'Escape' && desk.selection.listener !== null) {
        this.close();
      } else if (event.key === 'b' && !event.ctrlKey && !event.metaKey && !event.altKey) {
        this.breakOn(event);
      }
    });
  }

  update(): void {
    const { graph, organism } = this.desk.snapshot;
    const { selection } = this.desk;
    const isColumn = this.desk.narrow || this.isTooWide(graph.width);
    this.picture = isColumn ? column(graph.nodes, graph.edges) : wide(graph);
    const { width, height } = this.picture;
    set(this.svg, {
      viewBox: `0 0 ${width} ${height}`,
      style: `max-width: ${isColumn ? 320 : width}px`,
      'aria-label': `${plain(organism.name, 60)}: ${this.inWords()}. Arrow keys move between listeners.`
    });
    const waits = graph.nodes.some(node => node.retry !== undefined) ? Math.floor(this.desk.now / 1000) : 0;
    const broken = JSON.stringify(organism.breakpoints ?? []);
    const context = `${isColumn} ${selection.listener} ${this.flights.turn} ${waits} ${broken}`;
    // A column leads its lines, and stands its nodes, as all of them together let it.
    const placed = (edge: EdgeRow) => (isColumn ? `${context} ${this.line(edge).d}` : context);
    this.lines.update(graph.edges, placed);
    this.labels.update(graph.edges, placed);
    this.nodes.update(graph.nodes, node => `${context} ${this.box(node).y}`);
    this.roving.update(selection.listener === null ? null : this.nodes.element(selection.listener));
    this.drawer.update();
    this.nodes.settled();
    if (this.width !== this.desk.width) {
      this.width = this.desk.width;
      this.sized.measure();
    }
    this.sized.settle();
  }

  /** Whether the words in a picture could not be read any more if it were made as small as the view. */
  private isTooWide(width: number): boolean {
    return this.desk.width > 0 && this.desk.width - INSET < width * SMALLEST;
  }

  private inWords(): string {
    const { nodes, edges } = this.desk.snapshot.graph;
    const refused = edges.reduce((sum, edge) => sum + edge.refused, 0);
    const words = [
      plural(nodes.length, 'listener'),
      plural(edges.filter(edge => edge.declared).length, 'declared edge'),
      refused ? plural(refused, 'refused send') : ''
    ];
    return words.filter(Boolean).join(', ');
  }

  dispose(): void {
    this.flights.dispose();
  }

  /** A breakpoint at the listener that has the focus, else at the one whose details have it. */
  private breakOn(event: KeyboardEvent): void {
    const focused = (event.target as Element).closest('.node')?.getAttribute('data-key');
    const name = focused ?? this.desk.selection.listener;
    const node = this.desk.snapshot.graph.nodes.find(each => each.key === name);
    if (!node) {
      return;
    }
    event.preventDefault(); // at a node the key means this, even where nothing can be held; elsewhere it opens a tab
    if (node.kind !== 'port' && !node.gone) {
      toggle(this.desk, node.key);
    }
  }

  private choose(node: NodeRow): void {
    const again = node.key === this.desk.selection.listener;
    this.desk.select({ listener: again ? null : node.key });
  }

  private close(): void {
    const { listener } = this.desk.selection;
    this.desk.select({ listener: null });
    if (listener !== null) {
      (this.nodes.element(listener) as SVGElement | null)?.focus();
    }
  }

  /** Arrows follow edges to the right and back, and go up and down among the nodes. */
  private step(from: Element, key: string): Element | null {
    const name = from.getAttribute('data-key');
    const { nodes, edges } = this.desk.snapshot.graph;
    const to = (target: string | undefined) => (target === undefined ? null : this.nodes.element(target));
    if (key === 'ArrowRight') {
      return to(edges.find(edge => edge.from === name && edge.to !== name)?.to);
    }
    if (key === 'ArrowLeft') {
      return to(edges.find(edge => edge.to === name && edge.from !== name)?.from);
    }
    const move = { ArrowUp: -1, ArrowDown: 1 }[key];
    if (move === undefined) {
      return null;
    }
    const order = [...nodes].sort((a, b) => a.x - b.x || a.y - b.y);
    const at = order.findIndex(node => node.key === name);
    return to(order[at + move]?.key);
  }

  private box(node: NodeRow): Box {
    return this.picture.boxes.get(node.key) ?? node;
  }

  private line(edge: EdgeRow): Line {
    return this.picture.lines.get(edge.key) ?? edge;
  }

  private readonly svg = s('svg', { class: 'graph', role: 'group' });
  private readonly lineLayer = s('g');
  private readonly labelLayer = s('g');
  private readonly nodeLayer = s('g');
  private readonly lines: List<EdgeRow>;
  private readonly labels: List<EdgeRow>;
  private readonly nodes: List<NodeRow>;
  private readonly flights: Flights;
  private readonly drawer: Drawer;
  private readonly roving: Roving;
  private readonly sized: Sized;
  private width = 0;
  private picture: Picture = { width: 0, height: 0, boxes: new Map(), lines: new Map() };
}

/** The picture as the kernel laid it out. */
function wide({ width, height, nodes, edges }: Snapshot['graph']): Picture {
  const boxes = new Map(nodes.map(node => [node.key, node]));
  return { width, height, boxes, lines: new Map(edges.map(edge => [edge.key, readable(edge, nodes)])) };
}

/**
 * Lead an edge as the kernel did, its label where it can be read.
 *
 * A line straight up or down, or back in an arc, has its label beside it, if there is room: on it, one of the two could
 * not be seen. A refused send says why only where that is not below a node.
 */
function readable(edge: EdgeRow, nodes: readonly NodeRow[]): Line {
  const known = READABLE.get(edge);
  if (known) {
    return known;
  }
  const numbers = (edge.d.match(/-?\d+(\.\d+)?/g) ?? []).map(Number);
  const [first = 0, last = 0] = [numbers[0], numbers[numbers.length - 2]];
  const beside: Line = { ...edge, x: edge.x + 6, anchor: 'start' };
  const goesBack = last < first + 6;
  const brief = { brief: true };
  const ways: readonly Line[] = goesBack
    ? [beside, edge, { ...beside, ...brief }, { ...edge, ...brief }]
    : [edge, { ...edge, ...brief }];
  const line = ways.find(way => !isCovered(edge, way, nodes)) ?? { ...edge, ...brief };
  READABLE.set(edge, line);
  return line;
}

/** Most edges are as they were when the picture was drawn last. */
const READABLE = new WeakMap<EdgeRow, Line>();

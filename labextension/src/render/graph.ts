/** The Graph tab: nodes that never move while the view is open, edges with their traffic, and the drawer below. */

import type { EdgeRow, NodeRow, Snapshot } from '../protocol';
import { stops, toggle } from './breakpoints';
import type { Desk, Panel } from './desk';
import { h, List, s, set } from './dom';
import { Drawer } from './drawer';
import { edgePart, Flights, type Line, markers } from './edge';
import { Sized } from './height';
import { Roving } from './keyboard';
import { column, type Picture } from './lanes';
import { legend } from './legend';
import { type Box, nodePart } from './node';
import { withOctagon } from './octagon';
import { plain, plural } from './words';

/** A graph of more pixels scrolls, until somebody drags it taller. */
const TALLEST = 640;

export class GraphPanel implements Panel {
  readonly element = h('div');

  constructor(private readonly desk: Desk) {
    const frame = h('div', { class: 'panel' }, this.svg);
    this.svg.append(markers(desk.id), this.edgeLayer, this.nodeLayer);
    this.drawer = new Drawer(desk, () => this.close());
    this.sized = new Sized(h('div', {}, frame, legend()), 'the graph', null, TALLEST);
    this.element.append(this.sized.element, this.drawer.element);
    this.flights = new Flights(desk);
    this.edges = new List(
      this.edgeLayer,
      edgePart(
        desk.id,
        edge => this.line(edge),
        edge => this.flights.look(edge)
      )
    );
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
    const { narrow, selection } = this.desk;
    this.picture = narrow ? column(graph.nodes, graph.edges) : wide(graph);
    const { width, height } = this.picture;
    const [least, most] = narrow ? [0, 320] : [Math.round(width * 0.85), width];
    set(this.svg, {
      viewBox: `0 0 ${width} ${height}`,
      style: `min-width: ${least}px; max-width: ${most}px`,
      'aria-label': `${plain(organism.name, 60)}: ${this.inWords()}. Arrow keys move between listeners.`
    });
    const waits = graph.nodes.some(node => node.retry !== undefined) ? Math.floor(this.desk.now / 1000) : 0;
    const broken = JSON.stringify(organism.breakpoints ?? []);
    const context = `${narrow} ${selection.listener} ${this.flights.turn} ${waits} ${broken}`;
    // A column leads its lines, and stands its nodes, as all of them together let it.
    this.edges.update(graph.edges, edge => `${context} ${this.line(edge).d}`);
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
  private readonly edgeLayer = s('g');
  private readonly nodeLayer = s('g');
  private readonly edges: List<EdgeRow>;
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
  return { width, height, boxes, lines: new Map(edges.map(edge => [edge.key, beside(edge)])) };
}

/** A line straight up or down, or back in an arc, has its label beside it: on it, one of the two could not be seen. */
function beside(edge: EdgeRow): Line {
  const numbers = (edge.d.match(/-?\d+(\.\d+)?/g) ?? []).map(Number);
  const [first = 0, last = 0] = [numbers[0], numbers[numbers.length - 2]];
  return last < first + 6 ? { ...edge, x: edge.x + 6, anchor: 'start' } : edge;
}

/** The side panel "Organisms": all organisms of the notebook in front, drawn as they are below their cells. */

import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { type Message } from '@lumino/messaging';
import { Panel, Widget } from '@lumino/widgets';

import { organismIcon } from './icons';
import { IOrganisms, type Organism, type Organisms } from './organisms';
import { button } from './render/button';
import { h, say, set, show } from './render/dom';
import { plain } from './render/words';

export const PANEL_ID = 'xpipe-organisms';

export class OrganismsPanel extends Panel {
  constructor(private readonly organisms: Organisms) {
    super();
    this.id = PANEL_ID;
    this.addClass('xp-organisms');
    this.title.icon = organismIcon;
    this.title.caption = 'Organisms';
    set(this.node, { role: 'region', 'aria-label': 'Organisms' });
    this.node.append(this.blank);
    organisms.changed.connect(this.draw, this);
    this.draw();
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    const first = this.node.querySelector<HTMLElement>('button');
    (first ?? this.blank).focus();
  }

  private draw(): void {
    const { all, panel } = this.organisms;
    for (const [organism, section] of this.sections) {
      if (!all.includes(organism)) {
        section.dispose();
        this.sections.delete(organism);
      }
    }
    all.forEach((organism, at) => {
      const section = this.sections.get(organism) ?? new Section(organism);
      this.sections.set(organism, section);
      if (this.widgets[at] !== section) {
        this.insertWidget(at, section);
      }
      section.draw();
    });
    show(this.blank, all.length === 0);
    const where = panel === null ? 'No notebook is open.' : 'This notebook shows no organism.';
    if (this.said !== where) {
      this.said = where;
      this.blank.replaceChildren(`${where} Run an `, h('code', {}, '%%organism'), ' cell, and it is here.');
    }
  }

  private said = '';
  private readonly blank = h('p', { class: 'xp-organisms-blank', tabindex: '-1' });
  private readonly sections = new Map<Organism, Section>();
}

/** One organism: the way to its cell, and its view. */
class Section extends Panel {
  constructor(private readonly organism: Organism) {
    super();
    this.addClass('xp-organisms-one');
    this.head = button({ text: '', look: 'quiet', act: () => organism.showCell() });
    const bar = new Widget({ node: h('div', { class: 'xp-organisms-head' }, this.head) });
    this.addWidget(bar);
    this.addWidget(organism.view);
    this.draw();
  }

  draw(): void {
    const { number } = this.organism;
    const name = plain(this.organism.name, 60);
    say(this.head.lastElementChild ?? this.head, number === null ? 'Show its cell' : `Show cell ${number}`);
    set(this.head, { 'aria-label': `Show the cell of ${name}`, title: `Show the cell of ${name}` });
  }

  private readonly head: HTMLButtonElement;
}

export const panel: JupyterFrontEndPlugin<void> = {
  id: 'xpipe_nb:panel',
  description: 'A side panel with the organisms of the notebook in front.',
  autoStart: true,
  requires: [IOrganisms],
  optional: [ILayoutRestorer],
  activate: ({ shell }: JupyterFrontEnd, organisms: Organisms, restorer: ILayoutRestorer | null) => {
    const made = new OrganismsPanel(organisms);
    shell.add(made, 'right', { rank: 850, type: 'Organisms' });
    restorer?.add(made, PANEL_ID);
  }
};

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { beforeEach, describe, expect, it } from 'vitest';

import saved from '../../../tests/snapshots/saved.json';
import { type Place, WIDGET_VIEW } from '../live';
import { OrganismOutput } from '../output';
import { SNAPSHOT } from '../still';

/** What the widget manager's renderer does: a word, then the view, if the kernel knows the model. */
class WidgetRenderer extends Widget {
  async renderModel(): Promise<void> {
    this.node.textContent = 'Loading widget...';
  }

  makeView(): HTMLElement {
    const el = document.createElement('div');
    this.node.replaceChildren(el);
    return el;
  }

  drawView(): void {
    const [view, tabs] = [document.createElement('div'), document.createElement('div')];
    view.className = 'xp-view';
    tabs.setAttribute('role', 'tablist');
    view.append(tabs);
    this.makeView().append(view);
  }
}

class Kernel {
  status = 'idle';
  comms = new Set(['m1']);
  hasComm = (id: string) => this.comms.has(id);
}

let kernel: Kernel;
let renderers: WidgetRenderer[];
let session: { session: object; kernelChanged: Signal<object, void>; statusChanged: Signal<object, void> };
let place: Place;

beforeEach(() => {
  kernel = new Kernel();
  renderers = [];
  const sender = {};
  session = { session: { kernel }, kernelChanged: new Signal(sender), statusChanged: new Signal(sender) };
  const createRenderer = () => {
    const renderer = new WidgetRenderer();
    renderers.push(renderer);
    return renderer;
  };
  place = { session, rendermime: { createRenderer }, widgets: Promise.resolve() } as unknown as Place;
});

function model(trusted = true, id = 'm1', snapshot: unknown = saved): IRenderMime.IMimeModel {
  const data = { [SNAPSHOT]: snapshot, [WIDGET_VIEW]: { model_id: id }, 'text/plain': 'a -> b' };
  return { trusted, data, metadata: {}, setData: () => undefined } as unknown as IRenderMime.IMimeModel;
}

async function drawn(shown: IRenderMime.IMimeModel, where: Place | null = place): Promise<OrganismOutput> {
  const output = new OrganismOutput(where);
  await output.renderModel(shown);
  await settled();
  return output;
}

/** Observers and promises have had their turn. */
const settled = () => new Promise(resolve => setTimeout(resolve));

const isLive = (output: OrganismOutput) => output.hasClass('xp-mod-live');

describe('an output of an organism', () => {
  it('shows the snapshot, without anything to press that would do something', async () => {
    const output = await drawn(model(), null);
    expect(output.node.textContent).toContain('research');
    expect(output.node.textContent).not.toContain('Pause');
    expect(isLive(output)).toBe(false);
  });

  it('shows the picture and a sentence instead of a snapshot that it does not know', async () => {
    const output = await drawn(model(true, 'm1', { ...saved, protocol: 1 }));
    expect(output.node.textContent).toContain('another version');
    expect(output.node.querySelector('pre')?.textContent).toBe('a -> b');
  });

  it('asks for no widget where the notebook is not trusted', async () => {
    await drawn(model(false));
    expect(renderers).toEqual([]);
  });

  it('shows the snapshot until the widget was told what to draw', async () => {
    const output = await drawn(model());
    expect(isLive(output)).toBe(false);
    renderers[0]?.makeView();
    await settled();
    expect(isLive(output)).toBe(false);
    renderers[0]?.drawView();
    await settled();
    expect(isLive(output)).toBe(true);
    expect(output.node.querySelectorAll('.xp-view').length).toBe(1);
  });

  it('shows the snapshot where a widget is drawn from what was saved with the file', async () => {
    kernel.comms.clear();
    const output = await drawn(model());
    renderers[0]?.drawView();
    await settled();
    expect(isLive(output)).toBe(false);
  });

  it('shows the snapshot again when the model is closed, and when the kernel restarts', async () => {
    const output = await drawn(model());
    renderers[0]?.drawView();
    await settled();
    kernel.status = 'restarting';
    session.statusChanged.emit();
    expect(isLive(output)).toBe(false);
    expect(output.node.textContent).toContain('kernel gone');
    expect(output.node.textContent).toMatch(/Last state, \d\d:\d\d:\d\d\. Run the %%organism cell/);
    kernel.status = 'idle';
    session.statusChanged.emit();
    expect(isLive(output)).toBe(true);
    renderers[0]?.node.replaceChildren();
    await settled();
    expect(isLive(output)).toBe(false);
    expect(output.node.textContent).toContain('running when saved');
  });

  it('says that the kernel is gone also where it restarts before the widget was drawn', async () => {
    const output = await drawn(model());
    kernel.status = 'restarting';
    session.statusChanged.emit();
    expect(output.node.textContent).toContain('kernel gone');
    kernel.comms.clear();
    kernel.status = 'idle';
    session.statusChanged.emit();
    expect(output.node.textContent).toContain('kernel gone');
  });

  it('says what was saved where the kernel that restarts has never known its widget', async () => {
    kernel.comms.clear();
    const output = await drawn(model());
    kernel.status = 'restarting';
    session.statusChanged.emit();
    expect(output.node.textContent).toContain('running when saved');
  });

  it('keeps its widget when only the snapshot is new, and takes the new one when there is one', async () => {
    const output = await drawn(model());
    await output.renderModel(model());
    await settled();
    expect(renderers.length).toBe(1);
    await output.renderModel(model(true, 'm2'));
    await settled();
    expect(renderers.length).toBe(2);
    expect(renderers[0]?.isDisposed).toBe(true);
  });

  it('leaves nothing behind', async () => {
    const output = await drawn(model());
    output.dispose();
    expect(renderers[0]?.isDisposed).toBe(true);
    session.statusChanged.emit();
  });
});

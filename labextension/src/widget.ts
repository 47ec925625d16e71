/** The entry of the widget: one model for an organism, any number of views of it. */

import { renderForm } from './formWidget';
import { type Comm, Store } from './model';
import type { Snapshot } from './protocol';
import { h } from './render/dom';
import { drawView, type View } from './render/view';

/** After that long without an answer the view says what it waits for. */
const PATIENCE_MS = 500;

const stores = new WeakMap<Comm, { store: Store; views: number }>();

export default {
  /** Draw one view; gives what takes it away again. */
  render({ model, el }: { model: Comm; el: HTMLElement }): () => void {
    if (model.get?.('kind') === 'form') {
      return renderForm(model, el);
    }
    const shared = stores.get(model) ?? { store: new Store(model), views: 0 };
    stores.set(model, shared);
    shared.views += 1;
    const leave = watch(shared.store, el);
    return () => {
      leave();
      shared.views -= 1;
      if (shared.views === 0) {
        shared.store.dispose();
        stores.delete(model);
      }
    };
  }
};

function watch(store: Store, el: HTMLElement): () => void {
  const wait = h('div', { class: 'xp-view' }, h('p', { class: 'blank', role: 'status' }, 'Waiting for the kernel'));
  const patience = setTimeout(() => el.append(wait), PATIENCE_MS);
  let view: View | null = null;
  const draw = (snapshot: Snapshot) => {
    clearTimeout(patience);
    wait.remove();
    if (view) {
      view.update(snapshot);
    } else {
      view = drawView(el, snapshot, store.actions);
    }
  };
  const unsubscribe = store.subscribe(draw);
  const unsee = seeing(el, seen => store.actions.visible(seen));
  if (store.snapshot) {
    draw(store.snapshot);
  }
  return () => {
    clearTimeout(patience);
    unsubscribe();
    unsee();
    view?.dispose();
    wait.remove();
  };
}

/** Tell whenever an element comes into sight or goes out of it, and when the page does. */
function seeing(el: HTMLElement, tell: (seen: boolean) => void): () => void {
  let inside = true;
  let told: boolean | null = null;
  const look = () => {
    const seen = inside && !document.hidden;
    if (seen !== told) {
      told = seen;
      tell(seen);
    }
  };
  const observer = new IntersectionObserver(entries => {
    inside = entries.some(entry => entry.isIntersecting);
    look();
  });
  observer.observe(el);
  document.addEventListener('visibilitychange', look);
  return () => {
    observer.disconnect();
    document.removeEventListener('visibilitychange', look);
  };
}

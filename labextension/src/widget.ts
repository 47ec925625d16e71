/** The entry of the widget: one model for an organism, any number of views of it. */

import { renderForm } from './formWidget';
import { type Comm, Store } from './model';
import type { Snapshot } from './protocol';
import { h } from './render/dom';
import { listen, tell } from './render/outside';
import { preferences, whenPreferred } from './render/preferences';
import { drawView, type View } from './render/view';

/** After that long without an answer the view says what it waits for. */
const PATIENCE_MS = 500;

/** What all views of one model have in common. */
class Shared {
  readonly store: Store;

  constructor(comm: Comm) {
    this.store = new Store(comm);
    const prefer = () => {
      const wanted = preferences();
      if (Object.keys(wanted).length) {
        this.store.prefer(wanted);
      }
    };
    prefer();
    this.unprefer = whenPreferred(prefer);
  }

  /** Note whether a view can be seen by anybody; the kernel is told whether any can. */
  see(view: object, seen: boolean): void {
    this.views.set(view, seen);
    const any = [...this.views.values()].some(Boolean);
    if (any !== this.told) {
      this.told = any;
      this.store.actions.visible(any);
    }
  }

  /** A view is taken away; say whether it was the last. */
  leave(view: object): boolean {
    this.views.delete(view);
    if (this.views.size > 0) {
      return false;
    }
    this.unprefer();
    this.store.dispose();
    return true;
  }

  private readonly views = new Map<object, boolean>();
  private readonly unprefer: () => void;
  private told: boolean | null = null;
}

const models = new WeakMap<Comm, Shared>();

export default {
  /** Draw one view; gives what takes it away again. */
  render({ model, el }: { model: Comm; el: HTMLElement }): () => void {
    if (model.get?.('kind') === 'form') {
      return renderForm(model, el);
    }
    const shared = models.get(model) ?? new Shared(model);
    models.set(model, shared);
    const view = new WidgetView(shared, el);
    return () => {
      view.dispose();
      if (shared.leave(view)) {
        models.delete(model);
      }
    };
  }
};

/**
 * One view: drawn when something has changed, but not in a panel that is hidden.
 *
 * One that is only scrolled away is drawn: a screen reader reads it all the same.
 */
class WidgetView {
  constructor(
    private readonly shared: Shared,
    private readonly el: HTMLElement
  ) {
    const { store } = shared;
    this.patience = setTimeout(() => el.append(this.wait), PATIENCE_MS);
    shared.see(this, true);
    this.unsubscribe = store.subscribe(() => this.received());
    this.unsee = seeing(el, seen => shared.see(this, seen));
    this.size = new ResizeObserver(() => this.draw());
    this.size.observe(el);
    listen(el, act => store.actions[act]());
    this.received();
  }

  dispose(): void {
    clearTimeout(this.patience);
    this.unsubscribe();
    this.unsee();
    this.size.disconnect();
    this.view?.dispose();
    this.wait.remove();
  }

  private received(): void {
    this.draw();
    if (this.shared.store.snapshot) {
      tell(this.el, this.shared.store.snapshot);
    }
  }

  private draw(): void {
    const { snapshot, actions } = this.shared.store;
    if (snapshot === null || snapshot === this.drawn || (this.view && !this.el.checkVisibility())) {
      return;
    }
    this.drawn = snapshot;
    if (this.view) {
      this.view.update(snapshot);
    } else {
      clearTimeout(this.patience);
      this.wait.remove();
      this.view = drawView(this.el, snapshot, actions);
    }
  }

  private readonly wait = h(
    'div',
    { class: 'xp-view' },
    h('p', { class: 'blank', role: 'status' }, 'Waiting for the kernel')
  );
  private readonly patience: ReturnType<typeof setTimeout>;
  private readonly unsubscribe: () => void;
  private readonly unsee: () => void;
  /** A panel that is shown again gives its views a size. */
  private readonly size: ResizeObserver;
  private view: View | null = null;
  private drawn: Snapshot | null = null;
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
    inside = entries.at(-1)?.isIntersecting ?? inside;
    look();
  });
  observer.observe(el);
  document.addEventListener('visibilitychange', look);
  return () => {
    observer.disconnect();
    document.removeEventListener('visibilitychange', look);
  };
}

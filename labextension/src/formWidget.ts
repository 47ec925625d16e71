/** A form and the kernel: what is asked over the comm, and what comes back. */

import { isFormData } from './formData';
import type { Comm } from './model';
import { h } from './render/dom';
import { drawForm, type End, type Form, type FormActions, type Sent } from './render/form';

/** After that long without an answer the form says what it waits for. */
const PATIENCE_MS = 500;
const GONE = 'The kernel does not answer any more.';

type Fields = Readonly<Record<string, unknown>>;

/** Draw one form; gives what takes it away again. */
export function renderForm(comm: Comm, el: HTMLElement): () => void {
  const widget = new FormWidget(comm, el);
  return () => widget.dispose();
}

class FormWidget {
  constructor(
    private readonly comm: Comm,
    private readonly el: HTMLElement
  ) {
    this.patience = setTimeout(() => el.append(this.wait), PATIENCE_MS);
    comm.on('msg:custom', this.received);
    comm.on('comm:close', this.lost);
    this.tell({ do: 'hello' });
  }

  dispose(): void {
    clearTimeout(this.patience);
    this.comm.off('msg:custom', this.received);
    this.comm.off('comm:close', this.lost);
    this.form?.dispose();
    this.wait.remove();
  }

  private readonly actions: FormActions = {
    check: (root, values) => this.ask({ do: 'check', root, values }),
    send: (root, values) => this.ask({ do: 'send', root, values })
  };

  /** Ask, and hear the one answer; what follows from a message that was sent comes later. */
  private ask(content: Fields): Promise<Sent> {
    this.asks += 1;
    const id = this.asks;
    const done = new Promise<End>(resolve => this.ends.set(id, resolve));
    const answer = new Promise<Fields>(resolve => this.answers.set(id, resolve));
    this.tell({ ...content, id });
    return answer.then(fields => this.sent(id, fields, done));
  }

  private sent(id: number, { errors, sent, cell }: Fields, done: Promise<End>): Sent {
    if (typeof sent !== 'string') {
      this.ends.delete(id);
      return { errors: textsOf(errors) };
    }
    return { errors: {}, sent, cell: typeof cell === 'string' ? cell : '', done };
  }

  private readonly received = (content: unknown): void => {
    const { form, answer, done, closed } = fieldsOf(content);
    if (isFormData(form) && this.form === null) {
      clearTimeout(this.patience);
      this.wait.remove();
      this.form = drawForm(this.el, form, this.actions);
    } else if (answer !== undefined) {
      this.hear(this.answers, fieldsOf(answer), fields => fields);
    } else if (done !== undefined) {
      this.hear(this.ends, fieldsOf(done), ({ state, text }) => ({ state: String(state), text: String(text) }));
    } else if (closed === true) {
      this.form?.lose('this form is closed: run its cell again');
    }
  };

  /** Hand over what came to whoever asked for it, if it was one of us. */
  private hear<Heard>(
    waiting: Map<number, (heard: Heard) => void>,
    fields: Fields,
    read: (fields: Fields) => Heard
  ): void {
    const { front, id } = fields;
    const resolve = front === this.front && typeof id === 'number' ? waiting.get(id) : undefined;
    if (resolve && typeof id === 'number') {
      waiting.delete(id);
      resolve(read(fields));
    }
  }

  private readonly lost = (): void => {
    this.answers.forEach(resolve => resolve({ errors: { '': GONE } }));
    this.answers.clear();
    this.form?.lose('kernel gone: run the cell again');
  };

  private tell(content: Fields): void {
    this.comm.send({ ...content, front: this.front });
  }

  private readonly wait = h(
    'div',
    { class: 'xp-view' },
    h('p', { class: 'blank', role: 'status' }, 'Waiting for the kernel')
  );
  private readonly patience: ReturnType<typeof setTimeout>;
  private readonly answers = new Map<number, (fields: Fields) => void>();
  private readonly ends = new Map<number, (end: End) => void>();
  private readonly front = Math.random().toString(36).slice(2);
  private form: Form | null = null;
  private asks = 0;
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

/** Give those fields that are texts. */
function textsOf(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(fieldsOf(value)).filter((pair): pair is [string, string] => typeof pair[1] === 'string')
  );
}

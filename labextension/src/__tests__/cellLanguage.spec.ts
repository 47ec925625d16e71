import { Signal } from '@lumino/signaling';
import { describe, expect, it } from 'vitest';

import { type Cell, CellLanguage } from '../cellLanguage';
import { XML, YAML } from '../cells';

const PYTHON = 'text/x-ipython';

class Model implements Cell {
  readonly contentChanged = new Signal<this, void>(this);
  readonly mimeTypeChanged = new Signal<this, void>(this);
  readonly sharedModel = { getSource: () => this.source };
  sets = 0;

  constructor(private source: string) {
    new CellLanguage(this, () => PYTHON);
  }

  get mimeType(): string {
    return this.mime;
  }

  set mimeType(mime: string) {
    this.sets += 1;
    if (mime !== this.mime) {
      this.mime = mime;
      this.mimeTypeChanged.emit();
    }
  }

  type(source: string): void {
    this.source = source;
    this.contentChanged.emit();
  }

  private mime = PYTHON;
}

describe('the language of a cell that lives', () => {
  it('is set when the cell comes', () => {
    expect(new Model('%%organism hello\n').mimeType).toBe(YAML);
  });

  it('follows the text, and goes back to the language of the kernel', () => {
    const model = new Model('%%inject greeter\n');
    expect(model.mimeType).toBe(PYTHON);
    model.type('%%inject greeter\n<Greeting/>');
    expect(model.mimeType).toBe(XML);
    model.type('Greeting("World")');
    expect(model.mimeType).toBe(PYTHON);
  });

  it('is set again when the notebook sets that of the kernel', () => {
    const model = new Model('%%organism hello\n');
    model.mimeType = PYTHON;
    expect(model.mimeType).toBe(YAML);
  });

  it('is left alone in the cells of others', () => {
    const model = new Model('print(1)');
    expect(model.sets).toBe(0);
    model.mimeType = 'text/x-sql';
    model.type('print(2)');
    expect(model.mimeType).toBe('text/x-sql');
  });

  it('is given up when another extension insists, until the text changes', () => {
    const model = new Model('%%organism hello\n');
    model.mimeTypeChanged.connect(() => {
      model.mimeType = PYTHON;
    });
    model.mimeType = PYTHON;
    expect(model.sets).toBeLessThan(30);
  });
});

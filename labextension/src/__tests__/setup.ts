/** What Lumino asks of a browser when it is loaded, and jsdom has not. */

globalThis.DragEvent ??= class extends MouseEvent {} as typeof DragEvent;

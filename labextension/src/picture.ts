/** The still picture that every display carries beside its snapshot: what is shown where a snapshot cannot be drawn. */

import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

const SVG = /<img src="data:image\/svg\+xml;base64,([A-Za-z0-9+/=\s]+)"/;
const BASE64 = /^[A-Za-z0-9+/=\s]+$/;

/**
 * Make an element of the picture in a bundle: SVG, else PNG, else the text.
 *
 * A saved file is foreign: the picture goes into an `<img>`, where it can neither run a script nor fetch anything,
 * and the text stays text.
 */
export function drawPicture(bundle: ReadonlyPartialJSONObject): HTMLElement {
  const text = asText(bundle['text/plain']);
  const source = svgSource(bundle) ?? pngSource(bundle);
  if (source === null) {
    const pre = document.createElement('pre');
    pre.textContent = text;
    return pre;
  }
  const image = document.createElement('img');
  image.src = source;
  image.alt = text;
  return image;
}

function svgSource(bundle: ReadonlyPartialJSONObject): string | null {
  const found = SVG.exec(asText(bundle['text/html']));
  return found?.[1] === undefined ? null : `data:image/svg+xml;base64,${found[1]}`;
}

function pngSource(bundle: ReadonlyPartialJSONObject): string | null {
  const data = asText(bundle['image/png']);
  return BASE64.test(data) ? `data:image/png;base64,${data}` : null;
}

/** Texts of a saved notebook may be lists of lines. */
function asText(value: unknown): string {
  return Array.isArray(value) ? value.join('') : typeof value === 'string' ? value : '';
}

/** What stands in a bundle under our type: a snapshot that can be drawn, or a sentence that says why not. */

import type { ReadonlyPartialJSONValue } from '@lumino/coreutils';

export const PROTOCOL = 1;

/** A snapshot holds less than 30 kB; one of ten times that is none of ours. */
const LONGEST = 300_000;

/** Say why this cannot be drawn as a view; null if it can. */
export function whyNot(data: ReadonlyPartialJSONValue | undefined): string | null {
  if (typeof data !== 'object' || data === null || Array.isArray(data) || !('protocol' in data)) {
    return 'What was saved with this picture is no snapshot of an organism.';
  }
  if (data['protocol'] !== PROTOCOL) {
    return (
      'The picture only: it was made by another version of xpipe_nb than the one in this JupyterLab. ' +
      'Install the same version in both places, then reload the page.'
    );
  }
  if (JSON.stringify(data).length > LONGEST) {
    return 'The picture only: what was saved with it is too large for a snapshot.';
  }
  return null;
}

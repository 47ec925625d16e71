/** What stands in a bundle under our type: a snapshot that can be drawn, or a sentence that says why not. */

import { isSnapshot, PROTOCOL, type Snapshot } from './protocol';

/** A snapshot holds less than 30 kB; one of ten times that is none of ours. */
const LONGEST = 300_000;

/** Read what a file, or a kernel of another version, has put there. */
export function readSnapshot(data: unknown): Snapshot | string {
  if (typeof data !== 'object' || data === null || !('protocol' in data)) {
    return 'The picture only: no snapshot of an organism was saved with it.';
  }
  if (data.protocol !== PROTOCOL) {
    return (
      'The picture only: it was made by another version of xpipe_nb than the one in this JupyterLab. ' +
      'Install the same version in both places, then reload the page.'
    );
  }
  if (JSON.stringify(data).length > LONGEST) {
    return 'The picture only: what was saved with it is too large for a snapshot.';
  }
  // Whatever it says about itself: what is read from an output is what was, and nothing answers it.
  return isSnapshot(data) ? { ...data, live: false } : 'The picture only: the snapshot saved with it cannot be read.';
}

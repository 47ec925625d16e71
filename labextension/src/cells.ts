/** In which language a cell is written, by its first line. */

export const YAML = 'text/x-yaml';
export const XML = 'text/xml';

const HEAD = /^\s*%%(?:xp_)?(organism|inject)\b[^\n]*(?:\n|$)/;

/**
 * Give the MIME type of the language below one of our cell magics.
 *
 * @returns null where the kernel's own language is right, or the cell is none of ours.
 */
export function languageOf(source: string): string | null {
  const head = HEAD.exec(source);
  if (head?.[1] === 'organism') {
    return YAML;
  }
  return head && source.slice(head[0].length).trimStart().startsWith('<') ? XML : null;
}

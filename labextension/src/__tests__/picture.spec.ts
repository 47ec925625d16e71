import { describe, expect, it } from 'vitest';

import { drawPicture } from '../picture';

const PLAIN = { 'text/plain': 'greeter -> shouter' };

describe('the still picture', () => {
  it('is the SVG of the bundle, in an image that says what it shows', () => {
    const html = '<img src="data:image/svg+xml;base64,PHN2Zy8+" alt="x">';
    const image = drawPicture({ ...PLAIN, 'text/html': html, 'image/png': 'AAAA' }) as HTMLImageElement;
    expect(image.src).toBe('data:image/svg+xml;base64,PHN2Zy8+');
    expect(image.alt).toBe('greeter -> shouter');
  });

  it('is the PNG where there is no SVG, also in lines as a file may keep them', () => {
    const image = drawPicture({ ...PLAIN, 'image/png': ['AAAA\n', 'BBBB'] }) as HTMLImageElement;
    expect(image.src.replace(/\s|%0A/g, '')).toBe('data:image/png;base64,AAAABBBB');
  });

  it('is the text where there is no picture', () => {
    expect(drawPicture(PLAIN).textContent).toBe('greeter -> shouter');
  });

  it.each([
    '<img src="https://example.org/x.png" alt="x">',
    '<script>alert(1)</script>',
    '<img src="data:image/svg+xml;base64,x" onerror="alert(1)">'
  ])('takes nothing but the picture from %s', html => {
    const drawn = drawPicture({ 'text/plain': '<b>text</b>', 'text/html': html });
    expect(drawn.childElementCount).toBe(0);
    expect([...drawn.attributes].map(each => each.name).filter(name => !['src', 'alt'].includes(name))).toEqual([]);
    expect(drawn.getAttribute('src') ?? 'data:').toMatch(/^data:/);
  });
});

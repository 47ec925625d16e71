import { describe, expect, it } from 'vitest';

import { languageOf, XML, YAML } from '../cells';

describe('the language of a cell', () => {
  it.each([
    ['%%organism hello\nlisteners:\n  - greeter', YAML],
    ['%%organism hello', YAML],
    ['\n\n%%organism --replace hello\n', YAML],
    ['%%xp_organism hello\n', YAML],
    ['%%inject greeter\n<Greeting/>', XML],
    ['%%inject --timeout 5 greeter\n\n  <Greeting/>', XML],
    ['%%inject greeter\n', null],
    ['%%inject greeter\nGreeting("World")', null],
    ['%%injection greeter\n<Greeting/>', null],
    ['%inject greeter <Greeting/>', null],
    ['# %%organism hello\nlisteners:', null],
    ['x = 1\n%%organism hello', null],
    ['', null]
  ])('%j is %s', (source, language) => {
    expect(languageOf(source)).toBe(language);
  });
});

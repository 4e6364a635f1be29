// @vitest-environment node
import { expect, test } from 'vitest';
import type { Rolldown } from 'vite';
import { inlined } from '../../single-file';

function bundleOf(files: Record<string, string>): Rolldown.OutputBundle {
  return Object.fromEntries(
    Object.entries(files).map(([name, text]) => [
      name,
      name.endsWith('.js')
        ? { type: 'chunk', fileName: name, code: text }
        : { type: 'asset', fileName: name, source: text },
    ]),
  ) as unknown as Rolldown.OutputBundle;
}

test('scripts, styles and the icon end up in the page, and nothing is left beside it', () => {
  const bundle = bundleOf({ 'assets/a.js': 'run("$& $1")', 'assets/a.css': 'b{}', 'assets/i.svg': '<svg/>' });
  const page =
    '<link rel="icon" type="image/svg+xml" href="./assets/i.svg" /><script type="module" crossorigin src="./assets/a.js"></script><link rel="stylesheet" crossorigin href="./assets/a.css">';
  expect(inlined(page, bundle)).toBe(
    `<link rel="icon" type="image/svg+xml" href="data:image/svg+xml;base64,${btoa('<svg/>')}" /><script type="module">run("$& $1")</script><style>b{}</style>`,
  );
  expect(bundle).toEqual({});
});

test('a script cannot be ended by its own text', () => {
  const bundle = bundleOf({ 'a.js': 'let a = "</SCRIPT><!--"' });
  expect(inlined('<script type="module" src="./a.js"></script>', bundle)).toBe(
    '<script type="module">let a = "\\x3C/SCRIPT>\\x3C!--"</script>',
  );
});

test('a page that asks for what was not built is no page', () => {
  expect(() => inlined('<script type="module" src="./b.js"></script>', bundleOf({}))).toThrow('./b.js');
});

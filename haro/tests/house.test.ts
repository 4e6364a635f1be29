// @vitest-environment node
/** The shape of the house: what the linter does not say. */
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, test } from 'vitest';

const files = ['src', 'report', 'tests'].flatMap((folder) =>
  readdirSync(new URL(`../${folder}`, import.meta.url), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => basename(entry.name)),
);
const vague = new Set(['utils', 'util', 'helpers', 'helper', 'manager', 'common', 'misc', 'base', 'core', 'service']);

test('file names are kebab-case', () => {
  expect(files.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)+$/.test(name))).toEqual([]);
});

test('no file is named after nothing in particular', () => {
  expect(files.filter((name) => vague.has(name.split('.')[0] ?? ''))).toEqual([]);
});

import { existsSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { type Document, documents, ROOT } from './documents.js';

const INDEX = 'docs/README.md';

const linksOf = ({ prose }: Document): string[] =>
  [...prose.replace(/`[^`]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);

/** Where a link of a document leads, from the project's root. */
const resolved = (path: string, target: string): { file: string; anchor: string | undefined } => {
  const [file = '', anchor] = target.split('#');
  return { file: file === '' ? path : normalize(join(dirname(path), file)), anchor };
};

function problem(path: string, target: string): string | undefined {
  if (/^https?:/.test(target)) return undefined;
  const { file, anchor } = resolved(path, target);
  if (file.startsWith('..') || !existsSync(`${ROOT}${file}`)) return 'there is no such file';
  if (anchor === undefined) return undefined;
  if (statSync(`${ROOT}${file}`).isDirectory()) return 'a directory has no headings';
  const { anchors } = documents.find((one) => one.path === file) ?? { anchors: new Set() };
  return anchors.has(anchor) ? undefined : 'there is no such heading';
}

test('every link leads to a file, and to a heading where it names one', () => {
  const broken = documents.flatMap((document) =>
    linksOf(document).flatMap((target) => {
      const why = problem(document.path, target);
      return why ? [`${document.path}: ${target}: ${why}`] : [];
    }),
  );
  expect(broken).toEqual([]);
  expect(problem('docs/gates.md', 'gates.md#nobody-wrote-this')).toBe('there is no such heading');
});

test('every document is reached from the index, and the index from the README', () => {
  const index = documents.find(({ path }) => path === INDEX);
  const named = new Set(index ? linksOf(index).map((target) => resolved(INDEX, target).file) : []);
  const missing = documents
    .map(({ path }) => path)
    .filter((path) => path !== INDEX && path !== 'README.md' && !named.has(path));
  expect(missing, `not in ${INDEX}`).toEqual([]);
  const [readme] = documents;
  expect(linksOf(readme as Document)).toContain(INDEX);
});

test('every file of the project that prose names exists', () => {
  const names =
    /`((?:drs|activities|workflows|worker|client|simulator|test|scripts|deploy|examples|docs|encryption|telemetry)\/[\w./-]+)`/g;
  const missing = documents.flatMap(({ path, prose }) =>
    [...prose.matchAll(names)].flatMap(([, file = '']) => (existsSync(`${ROOT}${file}`) ? [] : [`${path}: ${file}`])),
  );
  expect(missing).toEqual([]);
});

import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { KINDS } from '../../drs/errors.js';
import { documentOf, ROOT } from './documents.js';

const page = documentOf('docs/troubleshooting.md');

interface Source {
  readonly file: string;
  readonly text: string;
}

const sourcesOf = (...folders: readonly string[]): Source[] =>
  folders.flatMap((folder) =>
    readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => ({ file: `${folder}/${name}`, text: readFileSync(`${ROOT}${folder}/${name}`, 'utf8') })),
  );

/** Without what only the page, or only the code, has round words. */
const bare = (text: string): string => text.replaceAll(/[`\\]/g, '').replaceAll(/\s+/g, ' ');
const words = bare(page.text);

/** Where a person's command, or a worker's start, ends with a message of its own; usage errors name their option themselves. */
const ENDS = new Set(['failed', 'CommandError', 'WorkerRefused']);

/** The fixed part of each message that ends a command, the longest of each template. */
function endings({ file, text }: Source): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if ((ts.isCallExpression(node) || ts.isNewExpression(node)) && ENDS.has(node.expression.getText(source))) {
      const literals = (node.arguments ?? []).filter(
        (one) => ts.isStringLiteral(one) || ts.isTemplateExpression(one) || ts.isNoSubstitutionTemplateLiteral(one),
      );
      for (const literal of literals) {
        const [longest] = firstOf(literal).sort((a, b) => b.length - a.length);
        if (longest && longest.length >= 8) found.push(longest);
      }
    }
    ts.forEachChild(node, visit);
  };
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  visit(source);
  return found;
}

/** The fixed parts of its first sentence, which is what a person searches for. */
function firstOf(literal: ts.Node): string[] {
  const text = ts.isTemplateExpression(literal)
    ? [literal.head.text, ...literal.templateSpans.map((span) => span.literal.text)].join('…')
    : (literal as ts.StringLiteral).text;
  const [sentence = ''] = bare(text).split(/[.:;] /);
  return sentence.split('…').map((part) => part.trim().replace(/[.:]$/, ''));
}

test('every message that ends a command or a worker’s start is explained', () => {
  const messages = sourcesOf('client', 'worker').flatMap((source) =>
    endings(source).map((message) => ({ file: source.file, message })),
  );
  expect(messages.length).toBeGreaterThan(30);
  expect(messages.filter(({ message }) => !words.includes(message))).toEqual([]);
});

test('every type of a failure is explained, and every gate', () => {
  const workflows = sourcesOf('workflows', 'activities');
  const types = workflows.flatMap(({ text }) => [...text.matchAll(/'(drs\.[a-zA-Z]+)'/g)].map(([, type = '']) => type));
  const kinds = Object.keys(KINDS).map((kind) => `drs.${kind}`);
  const internal = new Set(['drs.operation', 'drs.kind', 'drs.code', 'drs.jobs']);
  const unexplained = [...new Set([...types, ...kinds])].filter((type) => !internal.has(type) && !words.includes(type));
  expect(unexplained).toEqual([]);

  const gates = workflows.flatMap(({ file, text }) =>
    [
      ...text.matchAll(/run\.(?:gate|approve|acknowledge|choose)\('([a-z-]+)'/g),
      ...(file.startsWith('workflows/steps/') || file === 'workflows/locks.ts'
        ? text.matchAll(/\bname: '([a-z-]+)',\s+question/g)
        : []),
    ].map(([, gate = '']) => gate),
  );
  expect(new Set(gates).size).toBeGreaterThan(9);
  expect([...new Set(gates)].filter((gate) => !page.text.includes(`\`${gate}\``))).toEqual([]);
});

test('every message of the page is said by the code', () => {
  const code = bare(
    sourcesOf('client', 'worker', 'workflows', 'activities', 'encryption', 'drs')
      .map(({ text }) => text.replaceAll("',\n", '').replaceAll(/\$\{[^{}]*\}/g, '…'))
      .join('\n'),
  );
  const messages = page.prose
    .split('\n')
    .flatMap((line) => /^\| (.*?) \| /.exec(line)?.[1]?.match(/`[^`]{12,}`/g) ?? [])
    .map((message) => message.slice(1, -1))
    .filter((message) => !message.startsWith('drs.'));
  expect(messages.length).toBeGreaterThan(60);
  const unsaid = messages.filter((message) =>
    message
      .split('…')
      .map((piece) => bare(piece).trim().replace(/:$/, ''))
      .some((piece) => piece.length >= 8 && !code.includes(piece)),
  );
  expect(unsaid).toEqual([]);
});

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { operations } from '../../drs/operations/index.js';
import { blocksOf, documentOf, documents, placeOf } from './documents.js';

const page = documentOf('docs/workflows.md');
const histories = new URL('../replay/histories/', import.meta.url);

/** Sections of the page by heading, without the comma-separated lists of steps that some lines have. */
const sectionOf = (heading: string): string => {
  const [, rest = ''] = page.text.split(`\n## ${heading}\n`);
  return rest.split('\n## ')[0] ?? '';
};

const SECTIONS = {
  migration: 'Migration',
  synchronization: 'Synchronization',
  disasterRecovery: 'Disaster recovery',
  switchover: 'Switchover',
  comparison: 'Comparison',
  operation: 'Operation',
} as const;

interface Recorded {
  readonly file: string;
  readonly workflow: keyof typeof SECTIONS;
  readonly steps: readonly string[];
}

/** The step tables of the recorded runs, as far as they have one. */
function recorded(): Recorded[] {
  return readdirSync(histories).flatMap((file): Recorded[] => {
    const [workflow = ''] = file.split('-');
    if (!(workflow in SECTIONS)) return [];
    const { events } = JSON.parse(readFileSync(new URL(file, histories), 'utf8'));
    const last = events.at(-1);
    const payload =
      last.workflowExecutionCompletedEventAttributes?.result?.payloads?.[0] ??
      last.workflowExecutionFailedEventAttributes?.failure?.applicationFailureInfo?.details?.payloads?.[0];
    if (!payload) return [];
    const { steps = [] } = JSON.parse(Buffer.from(payload.data, 'base64').toString());
    return [
      { file, workflow: workflow as keyof typeof SECTIONS, steps: steps.map((one: { step: string }) => one.step) },
    ];
  });
}

test('the pictures have every step of the recorded runs', () => {
  const runs = recorded();
  expect(new Set(runs.map(({ workflow }) => workflow))).toEqual(new Set(Object.keys(SECTIONS)));
  const missing = runs.flatMap(({ file, workflow, steps }) =>
    steps
      .map((step) => step.replace(/^(Forward|Backward|Edit \d+): /, '').replace(/^(Switch back: )?(.*?)(: .*)?$/, '$2'))
      .filter((step) => !sectionOf(SECTIONS[workflow]).includes(step.replace(/, page 1$/, '')))
      .map((step) => `${file}: ${step}`),
  );
  expect(missing).toEqual([]);
});

test('a migration’s picture has its steps in the order of the recorded run', () => {
  const [clean] = recorded().filter(({ file }) => file.startsWith('migration-clean'));
  const lines = sectionOf('Migration').split('\n');
  const places = clean?.steps.map((step) => lines.findIndex((line) => new RegExp(`: ${step}\\b`).test(line))) ?? [];
  expect(places.length).toBeGreaterThan(15);
  expect(places).toEqual([...places].sort((a, b) => a - b));
});

test('a call that a document names with a section has that section', () => {
  const named = documents.flatMap(({ path, text }) =>
    [...text.matchAll(/\b([a-z][A-Za-z]+) (?:\(?§)?([56]\.\d\.\d+)\b/g)]
      .filter(([, id = '']) => id in operations)
      .map(([, id = '', section = '']) => ({ path, id, section })),
  );
  expect(named.length).toBeGreaterThan(30);
  const wrong = named.filter(({ id, section }) => operations[id as keyof typeof operations].section !== section);
  expect(wrong).toEqual([]);
});

/** What trips Mermaid's parser in a message: it ends a statement or begins a comment. */
test('pictures are Mermaid as far as that can be told without drawing them', () => {
  const pictures = blocksOf('mermaid');
  expect(pictures.length).toBeGreaterThan(8);
  for (const picture of pictures) {
    const [head = '', ...lines] = picture.text.split('\n').map((line) => line.trim());
    expect(head, placeOf(picture)).toMatch(/^(sequenceDiagram|flowchart (LR|TD))$/);
    if (head !== 'sequenceDiagram') continue;
    const opened = lines.filter((line) => /^(opt|loop|alt)\b/.test(line)).length;
    expect(lines.filter((line) => line === 'end').length, placeOf(picture)).toBe(opened);
    const names = lines.flatMap((line) => /^(?:actor|participant) (\w+)/.exec(line)?.[1] ?? []);
    for (const line of lines.filter((one) => !/^(actor|participant|opt|loop|alt|else|end)\b/.test(one))) {
      const [, from = '', to = ''] = /^(?:Note over )?(\w+)(?:(?:->>|,)(\w+))?: [^;#]+$/.exec(line) ?? [];
      expect([names.includes(from), to === '' || names.includes(to)], `${placeOf(picture)}: ${line}`).toEqual([
        true,
        true,
      ]);
    }
  }
});

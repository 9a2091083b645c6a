import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A fenced block. */
export interface Block {
  readonly document: string;
  /** Of its first line of content, counted from 1. */
  readonly line: number;
  /** `sh`, `yaml`, `ts examples/…`: all that follows the fence. */
  readonly info: string;
  readonly text: string;
}

export interface Document {
  /** From the project's root. */
  readonly path: string;
  readonly text: string;
  /** Without fenced blocks. */
  readonly prose: string;
  readonly blocks: readonly Block[];
  /** What links may point at, as GitHub makes them of headings. */
  readonly anchors: ReadonlySet<string>;
}

const DOCS = readdirSync(`${ROOT}docs`).filter((name) => name.endsWith('.md'));

/** README, CONTRIBUTING and all of docs/. */
export const documents: readonly Document[] = [
  'README.md',
  'CONTRIBUTING.md',
  ...DOCS.sort().map((name) => `docs/${name}`),
].map(read);

export const documentOf = (path: string): Document => {
  const found = documents.find((one) => one.path === path);
  if (!found) throw new Error(`there is no ${path}`);
  return found;
};

export const blocksOf = (...infos: readonly string[]): Block[] =>
  documents.flatMap(({ blocks }) => blocks.filter(({ info }) => infos.includes(info.split(' ')[0] ?? '')));

/** `docs/gates.md:36` */
export const placeOf = ({ document, line }: Pick<Block, 'document' | 'line'>): string => `${document}:${line}`;

function read(path: string): Document {
  const text = readFileSync(`${ROOT}${path}`, 'utf8');
  const blocks: Block[] = [];
  const prose: string[] = [];
  let open: { line: number; info: string; lines: string[] } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const [, info] = /^\s*```(.*)$/.exec(line) ?? [];
    if (info === undefined) (open?.lines ?? prose).push(line);
    else if (!open) open = { line: index + 2, info: info.trim(), lines: [] };
    else {
      blocks.push({ document: path, line: open.line, info: open.info, text: open.lines.join('\n') });
      open = undefined;
    }
  }
  if (open) throw new Error(`${path}:${open.line}: the block is never closed`);
  return { path, text, prose: prose.join('\n'), blocks, anchors: anchorsOf(prose) };
}

function anchorsOf(lines: readonly string[]): Set<string> {
  const anchors = new Set<string>();
  for (const line of lines) {
    const [, heading] = /^#{1,6}\s+(.*)$/.exec(line) ?? [];
    if (heading === undefined) continue;
    const slug = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
    let anchor = slug;
    for (let twin = 1; anchors.has(anchor); twin += 1) anchor = `${slug}-${twin}`;
    anchors.add(anchor);
  }
  return anchors;
}

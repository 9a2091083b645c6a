import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface Locked {
  readonly version: string;
  readonly license?: string;
  readonly dev?: true;
}

/** A package that something of ours depends on, as package-lock.json has it. */
export interface Dependency {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  /** Needed by tests and tools only: it is not in the image. */
  readonly dev: boolean;
}

/** Licences that ask for no more than to be named. */
const PERMISSIVE: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'Apache-2.0 AND MIT',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT OR Apache-2.0',
  'Unlicense',
]);

/** What was looked at by a person: a licence that asks for more, or that the package does not tell. */
const NOTES: Readonly<Record<string, { readonly licence: string; readonly note: string }>> = {
  'caniuse-lite': {
    licence: 'CC-BY-4.0',
    note: 'data on browsers that the bundler of workflows reads; to name it is all that it asks',
  },
  unionfs: { licence: 'none told', note: 'its file LICENSE is the Unlicense' },
  lightningcss: { licence: 'MPL-2.0', note: 'comes with the test runner; unchanged, and not in the image' },
};

const noteOf = ({ name, licence }: Dependency): string | undefined => {
  const [, entry] = Object.entries(NOTES).find(([known]) => name === known || name.startsWith(`${known}-`)) ?? [];
  return entry?.licence === licence ? entry.note : undefined;
};

/** All of package-lock.json, each version once. */
export function dependencies(
  lock = readFileSync(fileURLToPath(new URL('../package-lock.json', import.meta.url)), 'utf8'),
): Dependency[] {
  const { packages } = JSON.parse(lock) as { packages: Record<string, Locked> };
  const all = Object.entries(packages)
    .filter(([path]) => path !== '')
    .map(([path, { version, license = 'none told', dev = false }]): [string, Dependency] => {
      const name = path.replace(/^.*node_modules\//, '');
      return [`${name} ${version} ${dev}`, { name, version, licence: license, dev }];
    });
  return [...new Map(all).values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Dependencies that nobody may ship before a person has looked at their licence. */
export const unclear = (all: readonly Dependency[]): Dependency[] =>
  all.filter((one) => !PERMISSIVE.has(one.licence) && noteOf(one) === undefined);

const INTRO = `# Licences of what drs-pilot depends on

<!-- Made from package-lock.json by \`npm run docs\`: edit scripts/licences.ts, not this file. -->

All packages with their versions, by licence. A test fails where this page is stale, and where a licence is neither permissive
nor looked at by a person: what was found then stands beside the package. \`npm run build\` writes the same as a software bill of
materials, \`dist/sbom.cdx.json\` (CycloneDX), which is in the image.`;

/** `docs/licences.md`. */
export function licencesPage(all: readonly Dependency[] = dependencies()): string {
  const part = (title: string, some: readonly Dependency[]): string[] => [
    `## ${title}: ${some.length} packages`,
    ...[...new Set(some.map(({ licence }) => licence))].sort().map((licence) => {
      const those = some.filter((one) => one.licence === licence);
      const listed = those.map((one) => {
        const note = noteOf(one);
        return `${one.name} ${one.version}${note ? ` (${note})` : ''}`;
      });
      return `**${licence}** (${those.length}): ${listed.join(', ')}`;
    }),
  ];
  return `${[
    INTRO,
    ...part(
      'In the image',
      all.filter(({ dev }) => !dev),
    ),
    ...part(
      'For tests and tools only',
      all.filter(({ dev }) => dev),
    ),
  ].join('\n\n')}\n`;
}

/** One figure: what it is, what came out, and what it should be at most or at least. */
export interface Figure {
  readonly figure: string;
  readonly measured: string;
  readonly target?: string;
  readonly met?: boolean;
}

export const atMost = (figure: string, measured: number, limit: number, unit = ''): Figure => ({
  figure,
  measured: withUnit(measured, unit),
  target: `at most ${withUnit(limit, unit)}`,
  met: measured <= limit,
});

export const atLeast = (figure: string, measured: number, limit: number, unit = ''): Figure => ({
  figure,
  measured: withUnit(measured, unit),
  target: `at least ${withUnit(limit, unit)}`,
  met: measured >= limit,
});

export const just = (figure: string, measured: number | string, unit = ''): Figure => ({
  figure,
  measured: typeof measured === 'string' ? measured : withUnit(measured, unit),
});

/** A Markdown table, under what was measured, when and by which command. */
export function report(title: string, figures: readonly Figure[]): void {
  const rows = figures.map(({ figure, measured, target = '', met }) => [
    figure,
    measured,
    target,
    met === undefined ? '' : met ? 'yes' : '**no**',
  ]);
  const script = process.argv[1]?.match(/bench\/[\w-]+\.ts$/)?.[0] ?? 'bench';
  console.log(`\n### ${title}\n`);
  console.log(`${new Date().toISOString().slice(0, 10)}, \`npx tsx ${script}\`\n`);
  for (const row of [['figure', 'measured', 'target', 'met'], ['---', '---:', '---', '---'], ...rows])
    console.log(`| ${row.join(' | ')} |`);
}

const withUnit = (value: number, unit: string): string => `${rounded(value)}${unit && ` ${unit}`}`;

const rounded = (value: number): string =>
  value >= 100 || Number.isInteger(value) ? Math.round(value).toLocaleString('en') : value.toPrecision(3);

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** What a command says: its result on stdout, remarks on stderr. With `--json` stdout has nothing but JSON. */
export class Output {
  json = false;

  constructor(
    private readonly stdout: NodeJS.WriteStream = process.stdout,
    private readonly stderr: NodeJS.WriteStream = process.stderr,
  ) {}

  /** The result; `text` is its form for people. */
  result(object: unknown, text: string): void {
    this.stdout.write(this.json ? `${JSON.stringify(object)}\n` : `${text}\n`);
  }

  /** What people read and programs don't. */
  say(text: string): void {
    this.stderr.write(`${text}\n`);
  }

  /** True where a table can be drawn over the last one. */
  get live(): boolean {
    return !this.json && this.stdout.isTTY === true;
  }

  get size(): { readonly columns: number; readonly rows: number } {
    return { columns: this.stdout.columns || 100, rows: this.stdout.rows || 40 };
  }

  /** Raw text to the terminal that `live` stands for. */
  draw(text: string): void {
    this.stdout.write(text);
  }
}

const coloured = process.stdout.isTTY === true && !process.env['NO_COLOR'];

export const paint = (style: Style, text: string): string => (coloured ? styleText(style, text) : text);

/** Text from outside without anything that could move a terminal's cursor or recolour it; lines stay lines. */
export const harmless = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not pass
  text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '');

/** The same in one line. */
export const plain = (text: string): string => harmless(text.replace(/\s+/g, ' '));

/** Columns as wide as their widest cell; no spaces at the ends of lines. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, n) => Math.max(...rows.map((row) => row[n]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, n) => cell.padEnd(widths[n] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

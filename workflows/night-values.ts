import type { Counts } from '../activities/comparison/read.js';
import type { ReportedValues } from '../activities/comparison/report.js';
import type { ValuesPlanned } from '../activities/comparison/values.js';

/** What of a night's values goes over when the run continues as new. */
export interface KeptValues {
  planned: ValuesPlanned | null;
  /** Tasks of the plan that had their turn. */
  turn: number;
  /** Times that the run went on as new meanwhile. */
  parts: number;
  /** Why values were not compared, or not all. */
  trouble: string | null;
}

export const noValues = (): KeptValues => ({ planned: null, turn: 0, parts: 0, trouble: null });

/** The values of a night that has a budget. */
export class NightValues {
  constructor(
    private readonly kept: KeptValues,
    private readonly compared: () => Counts | undefined,
  ) {}

  plan(planned: ValuesPlanned): void {
    this.kept.planned = planned;
  }

  lose(trouble: string): void {
    this.kept.trouble ??= trouble;
  }

  took(): void {
    this.kept.turn += 1;
  }

  parted(): void {
    this.kept.parts += 1;
  }

  /** Number of the part that comes. */
  get part(): number {
    return this.kept.parts + 1;
  }

  get turn(): number {
    return this.kept.turn;
  }

  get trouble(): string | undefined {
    return this.kept.trouble ?? undefined;
  }

  get goesOn(): boolean {
    const { planned, turn, trouble } = this.kept;
    return trouble === null && planned !== null && turn < planned.tasks;
  }

  /** `12 of 52 tables tonight, all within 5 nights`. */
  get summary(): string | undefined {
    const { planned, trouble } = this.kept;
    if (trouble !== null || !planned) return trouble ?? undefined;
    const { chosen, tables, rotation } = planned;
    return `${chosen} of ${tables} tables tonight, all within ${rotation} ${rotation === 1 ? 'night' : 'nights'}`;
  }

  /** For the result and the report. */
  get told(): ReportedValues | undefined {
    const { planned, trouble } = this.kept;
    if (!planned) return trouble === null ? undefined : { trouble };
    const { tables, chosen, postponed, overdue, verified, rotation, warnings, file } = planned;
    const { consistent = 0, inconsistent = 0, notComparable = 0 } = this.compared() ?? {};
    return {
      tables,
      chosen,
      compared: consistent + inconsistent + notComparable,
      postponed,
      overdue,
      verified: verified + consistent + inconsistent + notComparable,
      rotation,
      warnings,
      file,
      ...(trouble !== null && { trouble }),
    };
  }
}

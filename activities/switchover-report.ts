import { cancellationSignal } from '@temporalio/activity';
import type { RunAt } from './hold-gate.js';
import type { Services } from './services.js';
import { namePart, type StoredFile } from './stores.js';
import { type SwitchoverResult, switchoverPage } from './switchover-page.js';

export interface SwitchoverReportInput {
  readonly store: string;
  readonly run: RunAt;
  readonly result: SwitchoverResult;
  /** When it is written, ISO 8601: also part of its name, so that a second try writes the same file. */
  readonly at: string;
}

/** Writes the page of a switchover that has ended: `switchover/NAME/TIME-RUN.html`. */
export const writeSwitchoverReport =
  (services: Services) =>
  async ({ store, run, result, at }: SwitchoverReportInput): Promise<StoredFile> => {
    const link = services.link(run);
    const name = `switchover/${namePart(result.name)}/${at.slice(0, 19).replace(/:/g, '')}Z-${run.runId.slice(0, 8)}.html`;
    const html = switchoverPage(result, { ...run, ...(link && { link }) }, at);
    const stored = await services
      .store(store)
      .put(name, html, { type: 'text/html; charset=utf-8', signal: cancellationSignal() });
    return { store, name, ...stored };
  };

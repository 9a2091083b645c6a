import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { renderDetails } from './details.js';
import type { Status } from './messages.js';

/** As many ids of tasks the server keeps to find a run by. */
const MOST_JOB_IDS = 50;

const JOB_IDS = defineSearchAttributeKey('DrsJobId', SearchAttributeType.KEYWORD_LIST);
const KIND = defineSearchAttributeKey('DrsKind', SearchAttributeType.KEYWORD);
const PHASE = defineSearchAttributeKey('DrsPhase', SearchAttributeType.KEYWORD);
const GATE = defineSearchAttributeKey('DrsGate', SearchAttributeType.KEYWORD);

/** What is seen of a run from outside without asking it: its details in the Temporal UI, and what it is found by. */
export class Display {
  /** What the run does while it waits for nobody. */
  phase = 'starts';
  since = new Date().toISOString();
  private stale = false;

  constructor(private readonly status: () => Status) {}

  /** The run is found by its kind. */
  begin(kind: string): void {
    upsertSearchAttributes([
      { key: KIND, value: kind },
      { key: PHASE, value: this.phase },
    ]);
  }

  /** The run is found by its tasks. */
  tasks(jobIds: readonly string[]): void {
    upsertSearchAttributes([{ key: JOB_IDS, value: jobIds.slice(0, MOST_JOB_IDS) }]);
  }

  /** A phase or a gate began or ended: what runs are found by changes, too. */
  turn(): void {
    this.since = new Date().toISOString();
    const { phase, gate } = this.status();
    upsertSearchAttributes([
      { key: PHASE, value: phase },
      { key: GATE, value: gate?.id ?? null },
    ]);
    this.refresh();
  }

  /** Rendered once for all that moves at the same time: thousands of signals may. */
  refresh(): void {
    if (this.stale) return;
    this.stale = true;
    void Promise.resolve().then(() => {
      this.stale = false;
      setCurrentDetails(renderDetails(this.status()));
    });
  }
}

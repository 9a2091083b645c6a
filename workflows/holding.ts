import { CancellationScope } from '@temporalio/workflow';
import type { HoldInput } from '../activities/hold-gate.js';
import { waits } from './activities.js';
import type { Ask, Asking } from './gate.js';
import type { Opening } from './opening.js';

/** The activity beside an open gate: it tells, reminds, watches, and ends it when its time is over. */
export class Holding {
  private scope: CancellationScope | undefined;

  constructor(
    private readonly opening: Opening,
    private readonly ask: Ask,
    private readonly asking: Asking,
  ) {}

  /** Begins, or goes on with what is shown now; `event` is told. */
  begin(event: HoldInput['event'] | undefined): void {
    this.scope?.cancel();
    const scope = new CancellationScope();
    this.scope = scope;
    scope
      .run(() => waits().holdGate(this.input(event)))
      .then(
        (end) => {
          const { opening } = this;
          if (end.event === 'failed') opening.close('retry', ['drs-pilot'], `the task is ${end.status}`);
          else opening.close(this.ask.spec?.onTimeout === 'abort' ? 'abort' : 'reject', ['time-out'], overdue(opening));
        },
        () => undefined,
      );
  }

  private input(event: HoldInput['event'] | undefined): HoldInput {
    const { opening, asking } = this;
    const { spec = {}, watch } = this.ask;
    const { rule } = opening.question;
    const { escalates } = opening;
    const ends = spec.onTimeout === 'reject' || spec.onTimeout === 'abort';
    const remindAt = spec.timeout === undefined || ends ? undefined : opening.opened + spec.timeout;
    return {
      run: asking.run,
      gate: opening.view(Date.now()),
      event: event ?? 'gateOpened',
      notify: asking.notify,
      known: event === undefined,
      since: opening.opened,
      remindEvery: spec.remindEvery,
      ...(remindAt !== undefined && { remindAt: new Date(remindAt).toISOString() }),
      ...(escalates !== undefined &&
        rule.escalation && {
          escalate: {
            at: escalates,
            group: rule.escalation.group,
            notify: spec.escalate?.notify ?? asking.notify,
            known: (event === undefined || event === 'approvalsVoided') && escalates <= Date.now(),
          },
        }),
      ...(asking.cloud && { cloud: asking.cloud }),
      ...(watch && { watch }),
    };
  }
}

const overdue = (opening: Opening): string =>
  `not decided by ${opening.question.expires} (approvals: ${opening.count(Date.now())})`;

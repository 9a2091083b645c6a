import type { News } from '../../activities/announce.js';
import type { Consistency } from '../../drs/consistency.js';
import { announceApart } from '../announcement.js';
import type { Night } from '../night.js';
import type { ComparisonPlan } from '../plans/comparison.js';
import type { Run } from '../run.js';
import { WORDS } from '../verdicts.js';

const SHOWN = 20;

/** Tells webhooks of what is inconsistent or not finished, and of its being so no more. */
export async function announceVerdict(run: Run<ComparisonPlan>, plan: ComparisonPlan, night: Night): Promise<void> {
  const { notify: to = [] } = plan;
  const event = eventOf(night.verdict, night.before);
  if (!event || to.length === 0) return;
  const [first] = night.bad;
  const news = { event, ...(first?.jobId && { jobId: first.jobId }), text: textOf(run.title, night), to };
  await announceApart({ run: run.whereabouts, news }, `${run.title} is ${WORDS[night.verdict]}`, 'verdict').catch(() =>
    run.note('its webhooks could not be told of the verdict'),
  );
}

function eventOf(verdict: Consistency, before: Consistency | undefined): News['event'] | undefined {
  if (verdict === 'inconsistent' || verdict === 'notFinished') return verdict;
  return before === 'inconsistent' || before === 'notFinished' ? 'recovered' : undefined;
}

function textOf(title: string, night: Night): string {
  const lines = night.bad.slice(0, SHOWN).map(({ name, jobId, verdict, reason, kinds }) => {
    const why = kinds
      .filter((kind) => kind.verdict !== 'consistent')
      .map(({ kind, reason, tables: [table, ...others], more = 0 }) => {
        const named = table && [table.database, table.table].filter(Boolean).join('.');
        const rest = others.length + more;
        return `${kind}: ${named ? `${named}, ${table.reason}${rest > 0 ? `, and ${rest} more` : ''}` : reason}`;
      });
    return `${name} (${jobId}) is ${WORDS[verdict]}: ${reason ?? why.join('; ')}`;
  });
  const lost = night.trouble === undefined ? [] : [`its report could not be written: ${night.trouble}`];
  return [`${title} is ${WORDS[night.verdict]}: ${night.summary}`, ...lost, ...lines].join('\n');
}

import type { CloudServices, Services } from '../activities/services.js';
import type { Env } from '../drs/auth/credentials.js';
import { connect } from '../drs/connect.js';
import { DrsError } from '../drs/errors.js';
import type { Observer } from '../drs/observer.js';
import { Watcher } from '../drs/watcher.js';
import { admission } from './admission.js';
import type { WorkerConfig } from './config.js';
import { openHooks } from './hooks.js';
import { dependsOnTask, rulingFor, strictest } from './policy.js';
import { requestOf } from './requests.js';
import { ruleFor } from './rules.js';
import { secretBook } from './secrets.js';
import { openStores } from './stores/index.js';
import { linkTo, notifier } from './webhooks.js';

export interface OpenServices extends Omit<Services, 'temporal'> {
  /** Ends the connections to the clouds. */
  close(): Promise<void>;
}

/** What activities need of the world, out of the worker's configuration. One connection and one watcher a cloud. */
export function openServices(
  config: WorkerConfig,
  { env = process.env, pace = 1, observer }: { env?: Env; pace?: number; observer?: Observer } = {},
): OpenServices {
  const secrets = secretBook(config, env);
  const clouds = new Map<string, CloudServices>(
    Object.entries(config.clouds).map(([name, cloud]) => {
      const observed = observer && { observer };
      const drs = connect(cloud, { env, ...observed });
      return [name, { name, drs, watcher: new Watcher(drs, { pace, ...observed }) }];
    }),
  );
  const { store, close: closeStores } = openStores(config, env);
  const cloud = (name: string | undefined): CloudServices => {
    const found = name === undefined && clouds.size === 1 ? [...clouds.values()][0] : clouds.get(name ?? '');
    if (found) return found;
    throw new DrsError(
      'request',
      `this worker serves no cloud "${name ?? ''}", only ${[...clouds.keys()].join(', ')}`,
      { operation: 'cloud' },
    );
  };
  return {
    cloud,
    secrets,
    store,
    hook: openHooks(config, env),
    notifier: notifier(config, { env }),
    link: (run) => linkTo(config, run),
    admit: async (kind, spec, start) => {
      const problems = await admission(config, secrets)(kind, spec);
      if (!start) return { problems };
      const request = requestOf(config, kind, spec, start);
      return { ...request, problems: [...problems, ...request.problems] };
    },
    ruling: (asks) => strictest(asks.map(({ operation, ...task }) => rulingFor(config, operation, task))),
    dependsOnTask: (operation) => dependsOnTask(config, operation),
    gateRule: ({ approvals, group, escalate, forcible, ...occasion }) => {
      const rule = ruleFor(config, occasion, { approvals, group, escalate, forcible });
      return {
        approvals: rule.approvals,
        group: rule.group,
        ...(rule.members && { members: rule.members }),
        force: rule.force,
        ...(rule.escalation && { escalation: rule.escalation }),
        ...(rule.keys && { keys: rule.keys }),
        ...(rule.fourEyes && { fourEyes: true }),
      };
    },
    close: async () => {
      closeStores();
      await Promise.all([...clouds.values()].map(({ drs }) => drs.close()));
    },
  };
}

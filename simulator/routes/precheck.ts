import { z } from 'zod';
import type { Refusal } from '../codes.js';
import type { CheckItem, Endpoint, Job } from '../job.js';
import { precheckPercent, statusOf } from '../lifecycle.js';
import type { World } from '../world.js';
import { jobId, some, upToTen } from './fields.js';
import { mustBeConfigurable } from './objects.js';
import { byBareId, byJobId, counted, eachJob, perJob, type Routes, route, unique } from './route.js';
import { isBackward, mustBeStored, mustLive, notParent, wrong } from './rules.js';

const RETRIABLE = ['START_JOB_FAILED', 'FULL_TRANSFER_FAILED', 'INCRE_TRANSFER_FAILED', 'PAUSING'];

function start(world: World, job: Job, mode: 'forStartJob' | 'forRetryJob'): object {
  notParent(job);
  mustLive(job);
  if (isBackward(world, job)) throw wrong('the backward task needs no pre-check');
  const configuring = statusOf(job) === 'CONFIGURATION';
  if (!configuring && !RETRIABLE.includes(statusOf(job))) mustBeConfigurable(job);
  mustBeStored(job);
  if (configuring !== (mode === 'forStartJob')) throw wrong(`${mode} does not fit ${statusOf(job)}`);
  const planned = job.nextPrecheck?.items ?? [];
  job.nextPrecheck = undefined;
  job.precheck = { position: 0, seen: world.now(), mode, items: itemsOf(job, planned) };
  world.changed();
  return { precheck_id: job.id };
}

/** The items that the reference's example shows for this kind of task, with what is planned or wrong put in. */
function itemsOf(job: Job, planned: CheckItem[]): CheckItem[] {
  const names = job.spec.engine_type === 'mongodb' ? MONGODB_ITEMS : MYSQL_ITEMS;
  const items: CheckItem[] = names.map((name) => ({ name, result: 'PASSED' }));
  const put = (item: CheckItem) => {
    const at = items.findIndex(({ name }) => name === item.name);
    if (at < 0) items.push(item);
    else items[at] = item;
  };
  const unlike = (stored?: Endpoint, tested?: Endpoint) =>
    stored === undefined || tested === undefined || !same(stored, tested);
  if (unlike(job.stored?.so, job.tested.so))
    put({ name: 'srcDbConnection', result: 'FAILED', reason: 'SRC_DB_CONNECTION_FAILED' });
  if (unlike(job.stored?.ta, job.tested.ta))
    put({ name: 'dstDbConnection', result: 'FAILED', reason: 'DST_DB_CONNECTION_FAILED' });
  planned.forEach(put);
  return items;
}

/** What was stored is what was tested: an address or instance, the user, the password. */
function same(stored: Endpoint, tested: Endpoint): boolean {
  const place = stored.ip ? stored.ip === tested.ip : stored.inst_id === tested.inst_id;
  return place && stored.db_user === tested.db_user && stored.password === tested.password;
}

function result(world: World, job: Job): object {
  if (!job.precheck) throw wrong('no pre-check was started');
  world.readPrecheck(job);
  const percent = precheckPercent(job.precheck);
  const { items } = job.precheck;
  const shown = items.slice(0, Math.floor((items.length * percent) / 100));
  const passed = shown.filter((item) => item.result !== 'FAILED').length;
  const target = job.stored?.ta.inst_id ?? (job.spec['target_endpoint'] as { inst_id?: string } | undefined)?.inst_id;
  return {
    result: percent === 100 && items.every((item) => item.result !== 'FAILED'),
    process: `${percent}%`,
    precheck_id: job.id,
    total_passed_rate: `${items.length === 0 ? 100 : Math.floor((passed / items.length) * 100)}%`,
    ...(target ? { rds_instance_id: target } : {}),
    job_direction: job.spec.job_direction,
    precheck_result: shown.map((item) => ({
      item: item.name,
      result: item.result,
      group: groupOf(item.name),
      ...(item.result === 'PASSED' ? {} : { failed_reason: item.reason ?? `${item.name} did not pass`, data: '' }),
    })),
  };
}

export const prechecks: Routes = {
  'POST /v3/{project_id}/jobs/batch-precheck': route({
    operation: 'batchCheckJobs',
    status: 200,
    body: z.strictObject({
      jobs: upToTen(z.strictObject({ job_id: jobId, precheck_mode: z.enum(['forStartJob', 'forRetryJob']) })),
    }),
    names: byJobId,
    handle: (ctx) => eachJob(ctx, ctx.body.jobs, (job, { precheck_mode }) => start(ctx.world, job, precheck_mode)),
  }),

  'POST /v3/{project_id}/jobs/batch-precheck-result': route({
    operation: 'batchCheckResults',
    status: 200,
    reads: true,
    body: z.strictObject({ jobs: some(jobId) }),
    names: byBareId,
    handle: (ctx) => {
      unique(ctx.body.jobs);
      return counted(
        perJob(ctx, ctx.body.jobs, {
          name: (id) => ({ id }),
          act: (id) => result(ctx.world, ctx.world.job(ctx.project, id)),
          failed: (id, { code, text: error_msg }: Refusal) => ({ precheck_id: id, error_code: code, error_msg }),
        }),
      );
    },
  }),
};

const groupOf = (item: string): string =>
  Object.entries(GROUPS).find(([, items]) => items.includes(item))?.[0] ?? 'db_params';

const GROUPS: Readonly<Record<string, readonly string[]>> = {
  db_disk_size: ['dstDbDiskSize'],
  db_target_status: ['dstStatusCheck'],
  db_user_privilege: ['dstDbPrivilegesIsEnough', 'srcDbPrivilegesIsEnoughForIncre', 'srcDbPrivilegesIsEnough'],
  db_version: ['dbVersionMeetRequirement', 'dstDbVersionSupport', 'srcDbVersionSupport'],
  network: ['dstDbConnection', 'srcDbConnection'],
  db_object_conflict_check: [
    'srcAndDstCappedCollConsistency',
    'srcCollAlreadyExistedInDstColl',
    'srcViewAlreadyExistedInDstView',
  ],
  db_object_dependency_check: ['rolesDependentCheck', 'usersDependentCheck'],
  src_info_check: ['srcShardKeyConfiguration', 'checkBalanceStatus', 'srcMongoInstanceType'],
};

const MYSQL_ITEMS = [
  'dstDbDiskSize',
  'checkIncreSrcDbExistedInDstDb',
  'dbCharacterSetConsistency',
  'dbClockConsistency',
  'dbCollationServerConsistency',
  'dbIsolationLevelConsistency',
  'dbParamConsistency',
  'dbServerUuidConsistency',
  'dstMaxAllowedPacketCheck',
  'hasForeignKeyOnUnselectedTable',
  'innodbStrictModeConsistency',
  'isUserRequireSslLink',
  'sqlModeConsistency',
  'sqlModeNoEngine',
  'srcBinlogFormatCheck',
  'srcBinlogRowImageCheck',
  'srcDbBinlogExpireLogsDays',
  'srcDbBinlogIsOff',
  'srcDbExistUnsupportEngineTable',
  'srcDbIndexKeyLength',
  'srcDbNameContainsUnsupportedSymbols',
  'srcDbServerIdCheck',
  'srcDstTableNameCaseSensitiveCheck',
  'srcHasNoPkTableWhenTgtHasInvisiblePk',
  'srcRoutinesWithoutPrivilegeCheck',
  'srcTableNameContainsNonAscii',
  'srcTriggerAndEventCheck',
  'srcViewNameContainsNonAscii',
  'srclogSlaveUpdatesCheck',
  'userRequirementIsEnoughForDefiner',
  'userSelectObjectsCheck',
  'dstStatusCheck',
  'dstDbPrivilegesIsEnough',
  'srcDbPrivilegesIsEnoughForIncre',
  'dbVersionMeetRequirement',
  'dstDbVersionSupport',
  'srcDbVersionSupport',
  'dstDbConnection',
  'srcDbConnection',
];

const MONGODB_ITEMS = [
  'dstDbDiskSize',
  'srcAndDstCappedCollConsistency',
  'srcCollAlreadyExistedInDstColl',
  'srcViewAlreadyExistedInDstView',
  'rolesDependentCheck',
  'usersDependentCheck',
  'srcCollHasTtlIndex',
  'dbSslConsistency',
  'mongoTypeFitTransferMode',
  'srcCollIndexNumCheck',
  'srcCollNameContainsUnsupportedSymbols',
  'srcDbInstanceIsEmpty',
  'srcIdIndexCheck',
  'userSelectObjectsCheck',
  'dstStatusCheck',
  'dstDbPrivilegesIsEnough',
  'srcDbPrivilegesIsEnough',
  'dbVersionMeetRequirement',
  'dstDbVersionSupport',
  'srcDbVersionSupport',
  'dstDbConnection',
  'srcDbConnection',
  'srcShardKeyConfiguration',
  'checkBalanceStatus',
  'srcMongoInstanceType',
];

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect, type Drs } from '../../drs/connect.js';
import { iamOperations } from '../../drs/operations/iam.js';
import { type OperationName, operations } from '../../drs/operations/index.js';
import { IAM_ROUTES, routes } from '../../simulator/routes/index.js';
import { type Simulator, startSimulator } from '../../simulator/server.js';
import { fixtures } from '../contract/fixtures.js';

test('the simulator knows the calls that the client knows, by id, method and path, and no other', () => {
  const simulated = Object.entries(routes).map(([route, { operation }]) => `${operation}: ${route}`);
  expect(simulated.sort()).toEqual(
    Object.entries(operations)
      .map(([id, { route }]) => `${id}: ${route}`)
      .sort(),
  );
  expect(
    Object.entries(IAM_ROUTES)
      .map(([route, id]) => `${id}: ${route}`)
      .sort(),
  ).toEqual(
    Object.entries(iamOperations)
      .map(([id, { route }]) => `${id}: ${route}`)
      .sort(),
  );
});

/** Codes that say that a request is not as the reference has it, whatever the task's status. */
const MALFORMED = /^(DRS\.M00(007|20\d|21\d|26\d|27[013]|30[0156])|APIG)/;

describe('a request as rich as the reference shows it is taken for well-formed', () => {
  let simulator: Simulator;
  let drs: Drs;
  beforeAll(async () => {
    simulator = await startSimulator();
    const cloud = {
      name: 'local',
      region: 'eu-west-101',
      projectId: simulator.project.id,
      drsEndpoint: simulator.url,
      iamEndpoint: simulator.url,
      credentials: { ak: 'local-ak', sk: 'local-sk' },
    };
    drs = connect(cloud);
  });
  afterAll(async () => {
    await drs.close();
    await simulator.close();
  });

  const requests = Object.entries(fixtures).flatMap(([name, { valid }]) =>
    name === 'downloadCompareResultFile' ? [] : valid.map((request, index) => [name, index, request] as const),
  );
  test.each(requests)('%s, example %i', async (name, _, request) => {
    await (drs as unknown as Record<string, (request: unknown) => Promise<unknown>>)
      [name as OperationName]?.(request)
      .catch(() => {});
    const { operation, code = '', perJob = [], unknownFields, why } = simulator.journal().at(-1) ?? {};
    expect({
      operation,
      unknownFields,
      why,
      malformed: [code, ...perJob].filter((each) => MALFORMED.test(each)),
    }).toEqual({
      operation: name,
      unknownFields: undefined,
      why,
      malformed: [],
    });
  });
});

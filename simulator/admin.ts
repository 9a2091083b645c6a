import { Hono } from 'hono';
import { z } from 'zod';
import { type Fault, IN_SWITCHOVERS } from './faults.js';
import type { Patch } from './patch.js';
import { IAM_ROUTES } from './routes/iam.js';
import { routes } from './routes/index.js';
import type { Simulator } from './server.js';
import type { Foreign } from './shows.js';
import { parseSpeed } from './speed.js';
import type { Database } from './world.js';

/** The admin API under `/_simulator`. It asks nobody who they are: the simulator listens on loopback. */
export function admin(simulator: () => Simulator): Hono {
  const app = new Hono();
  app.onError((error, c) => c.json({ error: error instanceof z.ZodError ? told(error) : error.message }, 400));

  app.get('/faults', (c) => c.json(simulator().pendingFaults()));
  app.post('/faults', async (c) => {
    simulator().fault(fault.parse(await c.req.json()) as Fault);
    return c.json(simulator().pendingFaults(), 201);
  });
  app.delete('/faults', (c) => {
    simulator().clearFaults();
    return c.body(null, 204);
  });

  app.get('/journal', (c) => c.json(simulator().journal()));
  app.delete('/journal', (c) => {
    simulator().clearJournal();
    return c.body(null, 204);
  });

  app.get('/jobs', (c) => c.json(simulator().jobs()));
  app.post('/jobs', async (c) => c.json(simulator().createForeign(foreign.parse(await c.req.json()) as Foreign), 201));
  app.get('/jobs/:job', (c) => {
    const job = simulator().job(c.req.param('job'));
    return job ? c.json(job) : c.json({ error: `no task ${c.req.param('job')}` }, 404);
  });
  app.patch('/jobs/:job', async (c) => {
    const job = simulator().patch(c.req.param('job'), patch.parse(await c.req.json()) as Patch);
    return c.json(job ?? { planned: c.req.param('job') }, job ? 200 : 202);
  });

  app.post('/databases', async (c) => {
    simulator().addDatabase(database.parse(await c.req.json()) as Database);
    return c.body(null, 204);
  });
  app.delete('/databases', (c) => {
    simulator().clearDatabases();
    return c.body(null, 204);
  });
  app.post('/speed', async (c) => {
    simulator().setSpeed(
      parseSpeed(z.strictObject({ speed: z.union([z.string(), z.number()]) }).parse(await c.req.json()).speed),
    );
    return c.body(null, 204);
  });
  app.post('/tokens/expire', (c) => {
    simulator().expireTokens();
    return c.body(null, 204);
  });
  return app;
}

const told = ({ issues }: z.ZodError) =>
  issues.map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message)).join('; ');

const OPERATIONS = new Set([...Object.values(routes).map(({ operation }) => operation), ...Object.values(IAM_ROUTES)]);

const kind = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('error'),
    status: z.number().int(),
    code: z.string(),
    message: z.string().optional(),
  }),
  z.strictObject({ kind: z.literal('jobError'), code: z.string(), message: z.string().optional() }),
  z.strictObject({ kind: z.literal('missingResult') }),
  z.strictObject({ kind: z.literal('delay'), ms: z.number().min(0) }),
  z.strictObject({ kind: z.literal('lostReply') }),
  z.strictObject({ kind: z.literal('throttle'), retryAfter: z.number().min(0) }),
  z.strictObject({ kind: z.literal('drop') }),
  z.strictObject({ kind: z.literal('garbage') }),
  z.strictObject({ kind: z.literal('cutOff') }),
  z.strictObject({ kind: z.literal('ignored') }),
  z.strictObject({ kind: z.literal('late'), ms: z.number().min(0) }),
  z.strictObject({ kind: z.literal('readonly'), value: z.boolean().nullable() }),
]);

const fault = z
  .strictObject({
    operation: z.string().refine((name) => OPERATIONS.has(name), {
      error: ({ input }) =>
        `there is no operation ${JSON.stringify(input)}; operation ids are Huawei's: showJobList, …`,
    }),
    times: z.number().int().positive().optional(),
    match: z.strictObject({ job: z.string().optional(), endPointType: z.enum(['so', 'ta']).optional() }).optional(),
    fault: kind,
  })
  .refine(
    ({ operation, fault }) => operation === 'batchSwitchover' || !IN_SWITCHOVERS.includes(fault.kind),
    `${IN_SWITCHOVERS.join(', ')} go with batchSwitchover`,
  );

const tag = z.strictObject({ key: z.string(), value: z.string() });
const table = z.strictObject({
  rows: z.number().int().min(0),
  targetRows: z.number().int().min(0).nullish(),
  differs: z.array(z.string()).optional(),
  lobs: z.array(z.string()).optional(),
  uncomparable: z.string().optional(),
  endless: z.boolean().optional(),
});
const patch = z.strictObject({
  status: z.string().optional(),
  progress: z.number().min(0).max(100).nullish(),
  delay: z.number().nullish(),
  precheck: z
    .strictObject({
      items: z.array(
        z.strictObject({
          name: z.string(),
          result: z.enum(['PASSED', 'ALARM', 'FAILED']),
          reason: z.string().optional(),
        }),
      ),
    })
    .nullish(),
  tags: z.union([z.array(tag), z.record(z.string(), z.string())]).optional(),
  hold: z.string().nullish(),
  failNext: z
    .union([
      z.string(),
      z.strictObject({ status: z.string(), code: z.string().optional(), message: z.string().optional() }),
    ])
    .nullish(),
  description: z.string().optional(),
  data: z.record(z.string(), z.record(z.string(), table)).nullish(),
  resultFile: z.string().nullish(),
  direction: z.enum(['up', 'down', 'non-dbs']).optional(),
  normal: z.strictObject({ source: z.boolean().optional(), target: z.boolean().optional() }).nullish(),
});

const foreign = z.looseObject({
  name: z.string().min(1),
  status: z.string().optional(),
  tags: z.array(tag).optional(),
});
const database = z.strictObject({
  ip: z.string(),
  port: z.number().int().optional(),
  user: z.string(),
  password: z.string(),
});

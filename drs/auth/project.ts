import { refusedBy } from '../reply.js';
import type { Transport } from '../transport.js';
import { Trouble } from '../trouble.js';
import type { Cloud } from './credentials.js';
import type { Proof } from './identity.js';

interface Project {
  readonly id: string;
  readonly name: string;
}

/** The id of the project that is named exactly like the region (A.5). A region can have several: then somebody must choose. */
export async function findProject(cloud: Cloud, transport: Transport, prove: () => Promise<Proof>): Promise<string> {
  await transport.turn(cloud.iamEndpoint);
  const { authorize } = await prove();
  const request = {
    method: 'GET',
    endpoint: cloud.iamEndpoint,
    path: '/v3/projects',
    query: [],
    repeatable: true,
  } as const;
  const reply = await transport.send({ ...request, headers: { 'content-type': 'application/json' } }, { authorize });
  const refused = refusedBy(reply, request, () => []);
  if (refused) throw refused;

  const projects = projectsOf(reply.body);
  const exact = projects.filter(({ name }) => name === cloud.region);
  if (exact.length === 1 && exact[0]) return exact[0].id;
  const choices = exact.length > 1 ? exact : projects.filter(({ name }) => name.startsWith(cloud.region));
  throw new Trouble('request', {
    requestId: reply.requestId,
    what: `${exact.length > 1 ? 'several projects are' : 'no project is'} named ${cloud.region}`,
    mend:
      choices.length > 0
        ? `Set the project id to one of these: ${choices.map(({ id, name }) => `${id} (${name})`).join(', ')}.`
        : 'Set the project id, and check the region.',
  });
}

function projectsOf(body: unknown): Project[] {
  const list = (body as { projects?: unknown } | undefined)?.projects;
  return (Array.isArray(list) ? list : []).filter(
    (one: unknown): one is Project =>
      typeof one === 'object' &&
      one !== null &&
      'id' in one &&
      'name' in one &&
      typeof one.id === 'string' &&
      typeof one.name === 'string',
  );
}

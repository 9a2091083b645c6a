import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { Namespace } from 'kubernetes-models/v1/Namespace';
import { ServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { ConfigFile } from '../../worker/config-schema.js';

const folder = fileURLToPath(new URL('../../deploy/kubernetes/', import.meta.url));
const read = (name: string) => parse(readFileSync(`${folder}${name}`, 'utf8'));

/** By Kubernetes' own schemas. */
const MODELS = { Deployment, PodDisruptionBudget, Namespace, ServiceAccount } as const;

test('every manifest is what Kubernetes accepts, and is listed', () => {
  const { resources } = read('kustomization.yaml') as { resources: string[] };
  const others = ['kustomization.yaml', 'drs-pilot.yaml'];
  expect([...resources].sort()).toEqual(readdirSync(folder).filter((name) => !others.includes(name)));
  for (const name of resources) {
    const manifest = read(name) as { kind: keyof typeof MODELS };
    expect(() => new MODELS[manifest.kind](manifest as never).validate(), name).not.toThrow();
  }
});

test('a worker runs without privileges, finds its configuration and secrets, and is asked where it answers', () => {
  const { spec } = read('deployment.yaml').spec.template;
  const [worker] = spec.containers;
  expect(spec.automountServiceAccountToken).toBe(false);
  expect(spec.securityContext.runAsNonRoot).toBe(true);
  expect(worker.securityContext).toMatchObject({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  const config = ConfigFile.parse(read('drs-pilot.yaml'));
  const port = Number(config.telemetry?.address?.split(':').at(-1));
  expect(worker.ports).toEqual([{ name: 'monitor', containerPort: port }]);
  for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe'])
    expect(worker[probe].httpGet).toMatchObject({
      port: 'monitor',
      path: expect.stringMatching(/^\/(readyz|healthz)$/),
    });
  const mounted = Object.fromEntries(
    worker.volumeMounts.map((mount: { name: string; mountPath: string }) => [mount.name, mount.mountPath]),
  );
  expect(mounted['secrets']).toBe('/run/secrets');
  const [variable] = worker.env.filter(({ name }: { name: string }) => name === 'DRS_PILOT_CONFIG');
  expect(variable.value).toBe(`${mounted['config']}/drs-pilot.yaml`);
  expect(spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(10);
});

test('the disruption budget is about the pods of the deployment', () => {
  const labels = read('deployment.yaml').spec.template.metadata.labels;
  expect(labels).toMatchObject(read('pod-disruption-budget.yaml').spec.selector.matchLabels);
  expect(labels).toMatchObject(read('deployment.yaml').spec.selector.matchLabels);
});

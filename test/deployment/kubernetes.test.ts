import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { Namespace } from 'kubernetes-models/v1/Namespace';
import { Service } from 'kubernetes-models/v1/Service';
import { ServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { ConfigFile } from '../../worker/config-schema.js';

const folder = fileURLToPath(new URL('../../deploy/kubernetes/', import.meta.url));
const read = (name: string) => parse(readFileSync(`${folder}${name}`, 'utf8'));

/** By Kubernetes' own schemas. */
const MODELS = { Deployment, PodDisruptionBudget, Namespace, Service, ServiceAccount } as const;

test.each(['kustomization.yaml', 'codec-server/kustomization.yaml'])(
  '%s lists every manifest, and each is what Kubernetes accepts',
  (list) => {
    const { resources } = read(list) as { resources: string[] };
    const others = ['kustomization.yaml', 'drs-pilot.yaml'];
    const there = readdirSync(`${folder}${dirname(list)}`).filter((name) => name.endsWith('.yaml'));
    expect([...resources].sort()).toEqual(there.filter((name) => !others.includes(name)));
    for (const name of resources) {
      const manifest = read(`${dirname(list)}/${name}`) as { kind: keyof typeof MODELS };
      expect(() => new MODELS[manifest.kind](manifest as never).validate(), name).not.toThrow();
    }
  },
);

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

test('the codec server is reached where it listens, without privileges, and gets the keys alone', () => {
  const deployment = read('codec-server/deployment.yaml');
  const { spec } = deployment.spec.template;
  const [server] = spec.containers;
  const own = read('deployment.yaml').spec.template.spec;
  expect(spec.securityContext).toEqual(own.securityContext);
  expect(server.securityContext).toEqual(own.containers[0].securityContext);
  expect(spec.automountServiceAccountToken).toBe(false);
  const [{ name, containerPort }] = server.ports;
  expect(server.args).toEqual(['codec-server', '--host', '0.0.0.0', '--port', String(containerPort)]);
  for (const probe of ['readinessProbe', 'livenessProbe'])
    expect(server[probe].httpGet).toEqual({ path: '/healthz', port: name });
  const service = read('codec-server/service.yaml').spec;
  expect(service.ports[0].targetPort).toBe(name);
  expect(deployment.spec.template.metadata.labels).toMatchObject(service.selector);
  expect(deployment.spec.template.metadata.labels).toMatchObject(deployment.spec.selector.matchLabels);
  expect(service.selector).not.toEqual(read('deployment.yaml').spec.selector.matchLabels);

  const text = readFileSync(`${folder}codec-server/kustomization.yaml`, 'utf8');
  const given = [...text.matchAll(/--from-file=([\w-]+)/g)].map(([, secret]) => secret);
  expect(Object.keys(read('codec-server/drs-pilot.yaml').secrets)).toEqual(given);
  expect(spec.volumes.map(({ secret }: { secret?: { secretName: string } }) => secret?.secretName)).toContain(
    /generic (\S+)/.exec(text)?.[1],
  );
});

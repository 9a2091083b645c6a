import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The software bill of materials of what is installed in `root`, without what only tests and tools need, as CycloneDX. */
export function sbom(root) {
  const options = { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, shell: process.platform === 'win32' };
  const text = execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application'], options);
  const bom = JSON.parse(text);
  // npm takes the folder's name for it.
  bom.metadata.component.name = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).name;
  // Neither `--omit dev` nor npm's own mark is right about what we need ourselves and a tool would use, too: the lock file is.
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const ours = new Set(
    Object.entries(packages).flatMap(([path, { version, dev }]) =>
      dev ? [] : [`${path.replace(/^.*node_modules\//, '')}@${version}`],
    ),
  );
  bom.components = bom.components.filter(({ name, version }) => ours.has(`${name}@${version}`));
  for (const one of bom.components)
    one.properties = (one.properties ?? []).filter(({ name }) => name !== 'cdx:npm:package:development');
  const kept = new Set([bom.metadata.component, ...bom.components].map((one) => one['bom-ref']));
  bom.dependencies = bom.dependencies
    .filter(({ ref }) => kept.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((other) => kept.has(other)) }));
  return bom;
}

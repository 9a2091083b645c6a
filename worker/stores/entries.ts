import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Problem } from '../../drs/operations/common.js';
import type { ConfigFile } from '../config-schema.js';
import type { Bucket } from './s3.js';

/** Where files are kept; paths are absolute here. */
export type StoreEntry =
  | { readonly directory: string }
  | {
      readonly s3: Omit<Bucket, 'credentials'> & {
        readonly accessKey: { readonly secret: string };
        readonly secretKey: { readonly secret: string };
      };
    };

/** With what an entry leaves out; paths count from `base`. */
export function storeEntry({ directory, s3 }: NonNullable<ConfigFile['stores']>[string], base: string): StoreEntry {
  if (!s3) return { directory: resolve(base, directory ?? '') };
  const { endpoint, prefix = '', region = 'us-east-1', forcePathStyle = false, ...bucket } = s3;
  const path = prefix && !prefix.endsWith('/') ? `${prefix}/` : prefix;
  return { s3: { ...bucket, endpoint: new URL(endpoint).origin, prefix: path, region, forcePathStyle } };
}

/** A directory that is not there is one that was mistyped, or whose disk is not mounted. */
export async function missingDirectories(stores: Readonly<Record<string, StoreEntry>>): Promise<Problem[]> {
  const checks = Object.entries(stores).map(async ([name, store]): Promise<Problem[]> => {
    if (!('directory' in store)) return [];
    const problem = await stat(store.directory).then(
      (found) => (found.isDirectory() ? undefined : 'is no directory'),
      ({ code }: NodeJS.ErrnoException) => `cannot be used (${code})`,
    );
    return problem === undefined
      ? []
      : [{ path: `stores.${name}.directory`, message: `${store.directory} ${problem}` }];
  });
  return (await Promise.all(checks)).flat();
}

import { type Store, StoreError, type Stores } from '../../activities/stores.js';
import type { Env } from '../../drs/auth/credentials.js';
import { readSecret } from '../../encryption/secret.js';
import type { SecretEntry, WorkerConfig } from '../config.js';
import { directoryStore } from './directory.js';
import type { StoreEntry } from './entries.js';
import { s3Store } from './s3.js';

type Sources = Pick<WorkerConfig, 'stores' | 'secrets'>;

/** The stores of the configuration. Buckets are connected at their first use. */
export function openStores({ stores, secrets }: Sources, env: Env): { store: Stores; close: () => void } {
  const closing: (() => void)[] = [];
  const value = (name: string): Promise<string> => readSecret(name, secrets[name] as SecretEntry, env);
  const opened = new Map<string, Store>();

  const open = (name: string, entry: StoreEntry): Store => {
    if ('directory' in entry) return directoryStore(name, entry.directory);
    const { accessKey, secretKey, ...bucket } = entry.s3;
    const credentials = async () => ({
      accessKeyId: await value(accessKey.secret),
      secretAccessKey: await value(secretKey.secret),
    });
    const store = s3Store(name, { ...bucket, credentials });
    closing.push(store.close);
    return store;
  };

  return {
    store: (name) => {
      const entry = Object.hasOwn(stores, name) ? stores[name] : undefined;
      if (!entry) throw new StoreError('unknown', name, "the worker's configuration has no store of that name");
      const store = opened.get(name) ?? open(name, entry);
      opened.set(name, store);
      return store;
    },
    close: () => {
      for (const close of closing) close();
    },
  };
}

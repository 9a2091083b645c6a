import { buffer } from 'node:stream/consumers';
import { nightsFolder, nightsState } from '../activities/comparison/archive.js';
import type { NightInBrief, Summary } from '../activities/comparison/report.js';
import type { Store } from '../activities/stores.js';
import type { Env } from '../drs/auth/credentials.js';
import { loadStores } from './config.js';
import { openStores } from './stores/index.js';

export interface KeptNight {
  readonly store: string;
  /** Name of the page in the store. */
  readonly page: string;
  readonly summary: Summary;
}

/**
 * What a night came to, out of the stores of a worker's configuration, which keep it for longer than Temporal: that of a day (UTC,
 * `2026-01-31`), the last one of several, or the last of all.
 * @throws ConfigError, StoreError
 */
export async function readNight(
  { name, day, store, config: file }: { name: string; day?: string; store?: string; config?: string },
  env: Env = process.env,
): Promise<KeptNight | undefined> {
  const config = await loadStores({ env, ...(file !== undefined && { file }) });
  const stores = openStores(config, env);
  try {
    for (const one of store === undefined ? Object.keys(config.stores) : [store]) {
      const night = await nightIn(stores.store(one), name, day);
      if (night) return night;
    }
    return undefined;
  } finally {
    stores.close();
  }
}

async function nightIn(store: Store, name: string, day: string | undefined): Promise<KeptNight | undefined> {
  const folder = nightsFolder({ name });
  const nights = day === undefined ? await stated(store, name) : [];
  if (nights.length === 0)
    // What has no manifest yet is not whole.
    for await (const file of store.list(`${folder}/${day === undefined ? '' : `${day.replaceAll('-', '')}T`}`)) {
      const night = file.name.match(/\/([^/]+)\/manifest\.json$/)?.[1];
      if (night !== undefined) nights.push(night);
    }
  const last = nights.sort().at(-1);
  if (last === undefined) return undefined;
  const { stream } = await store.get(`${folder}/${last}/summary.json`);
  const summary = JSON.parse((await buffer(stream)).toString()) as Summary;
  return { store: store.name, page: `${folder}/${last}/report.html`, summary };
}

/** The nights that the state names; none where it is lost. */
async function stated(store: Store, name: string): Promise<string[]> {
  const state = await store.state(nightsState({ name }));
  return state ? (JSON.parse(state.body.toString()) as NightInBrief[]).map(({ night }) => night) : [];
}

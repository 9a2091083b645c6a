import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** True for a file that may be run. */
export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The full path of the first of `names` that lies on PATH. */
export function onPath(...names) {
  const suffixes = process.platform === 'win32' ? ['.exe', '.cmd', ''] : [''];
  const directories = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  for (const name of names)
    for (const directory of directories)
      for (const suffix of suffixes) {
        const path = join(directory, name + suffix);
        if (isExecutable(path)) return path;
      }
  return undefined;
}

/** `*` any characters, `?` one. Letters count as equal in both cases, as DRS does for names: PROD-1 must not slip past prod-*. */
export function matchesGlob(glob: string, name: string): boolean {
  const pattern = glob
    .replace(/[\\^$.+()[\]{}|]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${pattern}$`, 'is').test(name);
}

export const matchesAny = (globs: readonly string[], name: string): boolean =>
  globs.some((glob) => matchesGlob(glob, name));

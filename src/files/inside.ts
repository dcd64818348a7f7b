import { isAbsolute, relative } from 'node:path';

/** Is `path` the folder itself or below it? Both absolute, and resolved where links may matter. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith('../') && !isAbsolute(way));
}

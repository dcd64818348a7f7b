/**
 * The Syncthing of Debian's next release, beside the one of this release: what holds against the real program is to
 * hold against the coming one too. Where it cannot be had (no apt, no network), the tests run against what is there,
 * and the caller says so.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fetchUnpacked } from './debian.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
/** tests/helpers/syncthing-node.ts looks here. */
const UNPACKED = join(ROOT, 'node_modules/.cache/handover/newer-syncthing');
const BINARY = 'usr/bin/syncthing';

/** @returns why it is not there; null: it is */
export function ensureNewerSyncthing() {
  if (existsSync(join(UNPACKED, BINARY))) return null;
  return fetchUnpacked({
    name: 'syncthing',
    suite: 'trixie',
    target: UNPACKED,
    finish: (folder) => existsSync(join(folder, BINARY)),
  });
}

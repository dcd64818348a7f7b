import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { readIgnoreSource } from '../../src/sync/ignore-source.ts';
import { applySteps } from '../../src/sync/setup/apply.ts';
import { lookAtShare } from '../../src/sync/setup/look-at-share.ts';
import { type Plan, planShare } from '../../src/sync/setup/plan.ts';
import { readShare, type ShareRole } from '../../src/sync/setup/read-share.ts';
import { type WantedShare, wantedShare } from '../../src/sync/setup/wanted-share.ts';
import { FOLDER, type SyncNode } from './syncthing.ts';
import { testDir } from './testdir.ts';

const root = join(import.meta.dirname, '../..');
const KEEP_SCRIPT = join(root, 'deployment/local/keep-version.sh');

export interface Ids {
  readonly peer?: SyncNode | null;
  readonly trusted?: readonly SyncNode[];
}

/** The file that ships, with the addresses that nodes without discovery need. */
async function shareText(role: ShareRole, ids: Ids): Promise<string> {
  const file = join(root, 'deployment', role === 'cloud' ? 'cloud' : 'local', 'syncthing-config.toml');
  const at = (section: string, node: SyncNode | null | undefined, text: string): string =>
    node ? text.replace(`[${section}]\n`, `[${section}]\naddresses = ["${node.address}"]\n`) : text;
  const text = await readFile(file, 'utf8');
  // Only one side dials: two that do so at the same instant drop both connections and wait.
  return role === 'laptop' ? at('peer', ids.peer, text) : text;
}

/** `sync apply` on this node, step by step. */
export async function setUp(node: SyncNode, role: ShareRole, ids: Ids) {
  const text = await shareText(role, ids);
  const wanted: WantedShare = wantedShare({
    share: readShare(text, 'syncthing-config.toml'),
    vaultDir: node.vault,
    folder: FOLDER,
    peer: ids.peer?.id ?? null,
    trusted: (ids.trusted ?? []).map(({ id }) => id),
    ignoreSource: await readIgnoreSource(),
    keepScript: KEEP_SCRIPT,
    tellsCase: true,
  });
  const folders = [wanted.vault.id, ...(wanted.approved ? [wanted.approved.id] : [])];
  const plan = async (): Promise<Plan> => planShare(wanted, await lookAtShare(node.client, folders));
  return {
    plan,
    /** Only the first so many steps, as if it was stopped then. */
    apply: async (steps?: number): Promise<Plan> => {
      const now = await plan();
      await applySteps(node.client, now.steps.slice(0, steps));
      return now;
    },
  };
}

const TSX = join(root, 'node_modules/tsx/dist/esm/index.mjs');

/** The command itself, as a user of this node's machine calls it. */
export async function commandLine(node: SyncNode, role: ShareRole, ids: Ids) {
  const dir = await testDir();
  const file = join(dir, 'share.toml');
  await writeFile(file, await shareText(role, ids));
  const env = {
    VAULT_DIR: node.vault,
    STATE_DIR: join(dir, 'state-dir'),
    SYNC: 'syncthing',
    SYNCTHING_URL: node.url,
    SYNCTHING_API_KEY: node.apiKey,
    SYNCTHING_FOLDER: FOLDER,
    SYNCTHING_PEER_DEVICE: ids.peer?.id ?? '',
    SYNCTHING_TRUSTED_DEVICES: (ids.trusted ?? []).map(({ id }) => id).join(','),
  };
  return {
    file,
    env,
    run: async (args: readonly string[], more: Readonly<Record<string, string>> = {}) => {
      const result = await execa(
        process.execPath,
        ['--import', TSX, join(root, 'src/cli/handover.ts'), 'sync', ...args],
        { cwd: dir, env: { ...env, ...more }, reject: false },
      );
      return { exit: result.exitCode, out: result.stdout, err: result.stderr };
    },
  };
}

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { execa } from 'execa';
import { createVault } from '../../src/cli/create-vault.ts';
import { ignoreLines, type SyncDevice } from '../../src/core/ignore-lists.ts';
import { type SeenNote, seeNotes } from '../../src/demo/vault-view.ts';
import { type Dovecot, startDovecot } from '../helpers/dovecot.ts';
import { startPm2, type TestPm2 } from '../helpers/pm2.ts';
import { startSmtp, type TestSmtp } from '../helpers/smtp.ts';
import { FOLDER, startTrio, type SyncNode, type SyncTrio } from '../helpers/syncthing.ts';
import { tempDir } from '../helpers/testdir.ts';
import { SMTP_PASSWORD } from './host.ts';
import { ROOT } from './root.ts';

/** One machine: its Syncthing, its vault, its processes under a PM2 of its own. */
export interface Machine {
  readonly node: SyncNode;
  readonly stateDir: string;
  readonly envFile: string;
  notes(): Promise<readonly SeenNote[]>;
  /** Every path of the vault, files and folders, also what is hidden. */
  paths(): Promise<readonly string[]>;
  /** Processes and Syncthing run. */
  on(): Promise<void>;
  /** As a lid that is closed: both end as they are asked to. */
  off(): Promise<void>;
  /** As a power cut: kill -9 to all of them. */
  powerCut(): Promise<void>;
  /** One process, by name. */
  stopProcess(name: string): Promise<void>;
  /** Other values in its `.env`, and every process started anew. */
  configure(values: Settings): Promise<void>;
  /** `handover <verb> --json` with this machine's configuration. */
  handover(...verb: string[]): Promise<{ exit: number | undefined; answer: unknown }>;
  logs(): Promise<string>;
}

export type Settings = Readonly<Record<string, string>>;

export interface TwoHosts {
  readonly sync: SyncTrio;
  readonly dovecot: Dovecot;
  readonly smtp: TestSmtp;
  readonly cloud: Machine;
  readonly laptop: Machine;
  stop(): Promise<void>;
}

/** The cloud with the mailbox, the laptop with the key to send, and a phone that the laptop trusts. */
export async function startTwoHosts(more: { cloud?: Settings; laptop?: Settings } = {}): Promise<TwoHosts> {
  // dist/ is what PM2 runs; a stale one would test yesterday's program.
  await promisify(execFile)(process.execPath, [join(ROOT, 'deployment/ensure.mjs'), 'build']);
  const ends: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    return { ...(await started(ends, more)), stop };
  } catch (error) {
    // A vitest worker is ended without its exit handlers: what runs by then would run on.
    await stop();
    throw error;
  }
}

/** @param ends what stops each thing that was started, in the order of their start */
async function started(
  ends: (() => Promise<unknown>)[],
  more: { cloud?: Settings; laptop?: Settings },
): Promise<Omit<TwoHosts, 'stop'>> {
  const dir = await tempDir('two-');
  ends.push(() => dir.remove());
  const dovecot = await startDovecot();
  ends.push(() => dovecot.stop());
  const smtp = await startSmtp({ auth: { user: 'office', password: SMTP_PASSWORD } });
  ends.push(() => smtp.stop());
  const sync = await startTrio({
    ignores: { cloud: generated('cloud'), laptop: generated('laptop'), phone: generated('phone') },
  });
  ends.push(() => sync.stop());
  const mailbox = {
    IMAP_HOST: dovecot.host,
    IMAP_PORT: String(dovecot.imapPort),
    IMAP_SECURE: 'false',
    IMAP_USER: 'office',
    IMAP_PASSWORD: dovecot.password,
    MAIL_FROM: 'The Office <office@example.net>',
  };
  const submission = {
    SMTP_HOST: smtp.host,
    SMTP_PORT: String(smtp.port),
    SMTP_SECURE: 'false',
    SMTP_USER: 'office',
    SMTP_PASSWORD,
    DRY_RUN: 'false',
    UNDO_SECONDS: '0',
    TAKEOVER_MINUTES: '1',
    SYNCTHING_TRUSTED_DEVICES: sync.phone.id,
  };
  // `handover init` on the laptop; what the vault's template holds reaches the cloud by sync.
  await createVault({
    templateDir: join(ROOT, 'vault-template'),
    vaultDir: sync.laptop.vault,
    stateDir: join(dir.path, 'laptop-state'),
  });
  await mkdir(join(dir.path, 'cloud-state'), { mode: 0o700 });
  const cloud = await machine('cloud', dir.path, sync.cloud, sync.laptop.id, {
    ...mailbox,
    ...more.cloud,
  });
  const laptop = await machine('laptop', dir.path, sync.laptop, sync.cloud.id, {
    ...mailbox,
    ...submission,
    ...more.laptop,
  });
  ends.push(() => Promise.all([cloud.end(), laptop.end()]));
  await sync.idle();
  return { sync, dovecot, smtp, cloud, laptop };
}

/** The list that `handover sync apply` installs. */
function generated(device: SyncDevice): readonly string[] {
  return ignoreLines(readFileSync(join(ROOT, '.gitignore-sync'), 'utf8'), device);
}

async function machine(
  name: 'cloud' | 'laptop',
  dir: string,
  node: SyncNode,
  peer: string,
  settings: Settings,
): Promise<Machine & { end(): Promise<void> }> {
  const [stateDir, envFile] = [join(dir, `${name}-state`), join(dir, `${name}-env`)];
  const values: Record<string, string> = {
    VAULT_DIR: node.vault,
    STATE_DIR: stateDir,
    TIMEZONE: 'Europe/Berlin',
    SYNC: 'syncthing',
    SYNCTHING_URL: node.url,
    SYNCTHING_API_KEY: node.apiKey,
    SYNCTHING_FOLDER: FOLDER,
    SYNCTHING_PEER_DEVICE: peer,
    SCAN_SECONDS: '2',
    ...settings,
  };
  const write = async (): Promise<void> => {
    const lines = Object.entries(values).map(([key, value]) => `${key}="${value}"\n`);
    await writeFile(envFile, lines.join(''), { mode: 0o600 });
  };
  await write();
  const table = join(ROOT, `deployment/${name === 'cloud' ? 'cloud' : 'local'}/ecosystem.config.js`);
  let pm2: TestPm2 | null = null;
  let syncs = true;
  const endPm2 = async (): Promise<void> => {
    const running = pm2;
    pm2 = null;
    await running?.stop();
  };
  return {
    node,
    stateDir,
    envFile,
    notes: () => seeNotes(node.vault),
    paths: async () => {
      const entries = await readdir(node.vault, { withFileTypes: true, recursive: true });
      return entries.map((entry) => join(entry.parentPath, entry.name).slice(node.vault.length + 1)).sort();
    },
    on: async () => {
      if (!syncs) await node.start();
      syncs = true;
      pm2 ??= await startPm2({ ENV_FILE: envFile });
      await pm2.run('start', table);
    },
    off: async () => {
      await endPm2();
      await node.stop();
      syncs = false;
    },
    powerCut: async () => {
      await pm2?.list();
      pm2?.killNow();
      await node.kill9();
      syncs = false;
      await endPm2();
    },
    stopProcess: async (process_) => {
      await pm2?.run('stop', process_);
    },
    configure: async (changed) => {
      Object.assign(values, changed);
      await write();
      await pm2?.run('restart', 'all');
    },
    handover: async (...verb) => {
      const cli = join(ROOT, 'dist/cli/handover.js');
      const env = { PATH: process.env['PATH'], ENV_FILE: envFile };
      const options = { env, extendEnv: false, reject: false, cwd: dir };
      const { exitCode, stdout } = await execa(process.execPath, [cli, ...verb, '--json'], options);
      return { exit: exitCode, answer: JSON.parse(stdout) as unknown };
    },
    logs: async () => (pm2 === null ? `${name} is off` : pm2.logs()),
    end: endPm2,
  };
}

/** What a person does with a card in Obsidian, on whichever device. */
export async function drag(
  vault: string,
  note: Pick<SeenNote, 'folder' | 'name'>,
  to: string,
): Promise<void> {
  await rename(join(vault, note.folder, note.name), join(vault, to, note.name));
}

/** As a careful user does before they approve: `[day and time]` becomes a day and a time. */
export async function fillBlanks(vault: string, note: Pick<SeenNote, 'folder' | 'name'>): Promise<void> {
  const path = join(vault, note.folder, note.name);
  const text = await readFile(path, 'utf8');
  const [properties = '', ...rest] = text.split(/(?<=\n---\n)/);
  const filled = rest.join('').replace(/(?<=^- )\[[^\]\n]+\]$/gm, 'Monday at ten');
  if (filled !== rest.join('')) await writeFile(path, properties + filled);
}

/** Every file below `dir` that holds `words`, whatever kind of file it is. */
export async function filesWith(dir: string, words: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(dir, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.name.includes(words)) found.push(path);
    else if (entry.isFile() && (await readFile(path)).includes(words)) found.push(path);
  }
  return found;
}

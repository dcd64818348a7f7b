import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Syncthing, SyncthingFault } from '../../src/sync/syncthing-client.ts';
import { Vault } from '../../src/vault/vault.ts';
import { freePort } from '../../src/demo/free-port.ts';
import { type Peer, type SharedFolder, syncthingConfig } from './syncthing-config.ts';
import { tempDir } from './testdir.ts';
import { until } from './until.ts';

/** Of this Debian. */
export const SYNCTHING = '/usr/bin/syncthing';
/** Of the next, when it could be had: tests/newer-syncthing.mjs. */
const NEWER = join(
  import.meta.dirname,
  '../../node_modules/.cache/handover/newer-syncthing/usr/bin/syncthing',
);
/** Every Syncthing that is here. */
export const SYNCTHINGS: readonly string[] = [SYNCTHING, ...(existsSync(NEWER) ? [NEWER] : [])];
/** The folder id of the vault on every node. */
export const FOLDER = 'handover';
/** STMONITORED: one process, not a pair of which only one dies. STHASHING: no benchmark at each start. */
const ENV = {
  PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  STMONITORED: '1',
  STHASHING: 'standard',
  STNOUPGRADE: '1',
};
const run = promisify(execFile);

/** A real Syncthing of one's own on 127.0.0.1, with a vault that has every folder. */
export interface SyncNode {
  readonly name: string;
  /** The vault's directory. */
  readonly vault: string;
  /** Of the REST API. */
  readonly url: string;
  readonly apiKey: string;
  readonly id: string;
  /** What `modifiedBy` and version vectors call this device. */
  readonly shortId: string;
  /** `tcp://127.0.0.1:<port>`, where peers reach it. */
  readonly address: string;
  readonly client: Syncthing;
  readonly pid: number;
  /** SIGTERM, and gone. */
  stop(): Promise<void>;
  kill9(): Promise<void>;
  /** The same home, vault, ports and id again; resolves when the API answers. Peers need not be connected yet. */
  start(): Promise<void>;
  pausePeer(id: string): Promise<void>;
  resumePeer(id: string): Promise<void>;
  /** Replaces the vault's ignore patterns. */
  ignores(lines: readonly string[]): Promise<void>;
  log(): Promise<string>;
  /** Stops it and removes its folders. */
  remove(): Promise<void>;
}

/** What a node is before it knows its peers. */
export interface Prepared {
  readonly name: string;
  readonly id: string;
  readonly vault: string;
  readonly address: string;
  /** Writes the configuration; the node is not started. */
  configure(peers: readonly Peer[], folders: readonly SharedFolder[]): Promise<SyncNode>;
}

interface Parts {
  readonly name: string;
  readonly binary: string;
  readonly home: string;
  readonly vault: string;
  readonly id: string;
  readonly guiPort: number;
  readonly port: number;
  readonly apiKey: string;
  remove(): Promise<void>;
}

/** @param ignores lines for the vault's `.stignore`; none: no such file */
export async function prepare(
  name: string,
  ignores: readonly string[],
  binary = SYNCTHING,
): Promise<Prepared> {
  const dir = await tempDir('st-');
  const [home, vault] = [join(dir.path, 'home'), join(dir.path, 'vault')];
  await mkdir(join(vault, '.stfolder'), { recursive: true });
  await (await Vault.open(vault)).ensureFolders();
  if (ignores.length > 0) await writeFile(join(vault, '.stignore'), `${ignores.join('\n')}\n`);
  const { id, version } = await generate(binary, home);
  const [guiPort, port] = [await freePort(), await freePort()];
  const apiKey = randomBytes(16).toString('hex');
  const parts: Parts = { name, binary, home, vault, id, guiPort, port, apiKey, remove: () => dir.remove() };
  return {
    name,
    id,
    vault,
    address: `tcp://127.0.0.1:${port}`,
    configure: async (peers, folders) => {
      const xml = syncthingConfig({ version, id, name, guiPort, port, apiKey, peers, folders });
      await writeFile(join(home, 'config.xml'), xml, { mode: 0o600 });
      return node(parts);
    },
  };
}

/** A key, a certificate, and with them the id; the configuration it also writes would dial out. */
async function generate(binary: string, home: string): Promise<{ id: string; version: string }> {
  const args = ['generate', `--home=${home}`, '--no-default-folder', '--skip-port-probing'];
  try {
    await run(binary, args, { env: { ...ENV, HOME: home } });
  } catch (error) {
    throw new Error(`${binary} does not run; apt-get install syncthing`, { cause: error });
  }
  const written = await readFile(join(home, 'config.xml'), 'utf8');
  const id = /<device id="([A-Z2-7-]{63})"/.exec(written)?.[1];
  const version = /<configuration version="(\d+)"/.exec(written)?.[1];
  if (id === undefined || version === undefined) throw new Error(`unexpected config.xml of ${binary}`);
  return { id, version };
}

function node(parts: Parts): SyncNode {
  const { name, home, vault, id, apiKey } = parts;
  const url = `http://127.0.0.1:${parts.guiPort}`;
  const client = new Syncthing({ url, apiKey });
  let child: ChildProcess | null = null;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const running = child;
    child = null;
    if (running === null || running.exitCode !== null || running.signalCode !== null) return;
    const gone = once(running, 'exit');
    running.kill(signal);
    await gone;
  };
  const killAtExit = (): void => void child?.kill('SIGKILL');
  process.once('exit', killAtExit);
  return {
    name,
    vault,
    url,
    apiKey,
    id,
    shortId: id.slice(0, 7),
    address: `tcp://127.0.0.1:${parts.port}`,
    client,
    get pid() {
      if (child?.pid === undefined) throw new Error(`${name} does not run`);
      return child.pid;
    },
    stop: () => end('SIGTERM'),
    kill9: () => end('SIGKILL'),
    start: async () => {
      if (child !== null) throw new Error(`${name} runs already`);
      child = launch(parts);
      await ready(parts, child, client);
    },
    pausePeer: (peer) => client.patchDevice(peer, { paused: true }),
    resumePeer: (peer) => client.patchDevice(peer, { paused: false }),
    ignores: (lines) => client.setIgnores(FOLDER, lines),
    log: () => readFile(join(home, 'log'), 'utf8'),
    remove: async () => {
      process.off('exit', killAtExit);
      client.close();
      await end('SIGKILL');
      await parts.remove();
    },
  };
}

function launch({ binary, home }: Parts): ChildProcess {
  const log = openSync(join(home, 'log'), 'a');
  const args = ['serve', `--home=${home}`, '--no-browser', '--no-restart', '--no-upgrade'];
  const child = spawn(binary, args, { stdio: ['ignore', log, log], env: { ...ENV, HOME: home } });
  closeSync(log);
  return child;
}

async function ready(parts: Parts, child: ChildProcess, client: Syncthing): Promise<void> {
  await until(`${parts.name} answers, log in ${parts.home}`, async () => {
    if (child.exitCode !== null)
      throw new Error(`${parts.name} ended: ${await readFile(join(parts.home, 'log'), 'utf8')}`);
    return client.system().then(
      () => true,
      (error: unknown) => {
        if (error instanceof SyncthingFault) return false;
        throw error;
      },
    );
  });
}

import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { visibleText } from '../core/neutralise.ts';
import { loadConfig, SYNC_KEYS } from '../runtime/config.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { readIgnoreSource } from '../sync/ignore-source.ts';
import { ApplyFault, applySteps } from '../sync/setup/apply.ts';
import { lookAtShare } from '../sync/setup/look-at-share.ts';
import { type Change, type Plan, planShare } from '../sync/setup/plan.ts';
import { readShare, type ShareFile, ShareFault, type ShareRole } from '../sync/setup/read-share.ts';
import { type WantedShare, wantedShare } from '../sync/setup/wanted-share.ts';
import { Syncthing, SyncthingFault } from '../sync/syncthing-client.ts';
import { lookAt as lookAtTopology } from '../sync/topology.ts';
import { realFolder } from '../vault/safe-path.ts';
import { foldsNames } from '../vault/shape.ts';
import type { Vault } from '../vault/vault.ts';
import { openVault, type Outcome, verb, type VerbContext, VerbFault } from './verb.ts';

const FOLDER: Readonly<Record<ShareRole, string>> = { cloud: 'cloud', laptop: 'local' };

/** `handover sync apply`: brings the Syncthing of this machine to its `syncthing-config.toml`. */
export function syncApplyVerb(context: VerbContext): Command {
  return verb(
    context,
    { name: 'apply', summary: 'bring the Syncthing of this machine to its syncthing-config.toml' },
    (_args, options) =>
      syncApply(context, {
        role: options['role'],
        file: options['config'],
        yes: options['yes'] === true,
        json: options['json'] === true,
      }),
  )
    .option('--role <cloud|laptop>', 'what this machine is; chooses deployment/…/syncthing-config.toml')
    .option('--config <file>', 'another syncthing-config.toml')
    .option('--yes', 'do it without asking');
}

interface Asked {
  readonly role: unknown;
  readonly file: unknown;
  readonly yes: boolean;
  readonly json: boolean;
}

async function syncApply(context: VerbContext, asked: Asked): Promise<Outcome> {
  const share = await shareFile(context, asked);
  const config = loadConfig(SYNC_KEYS);
  if (config.SYNCTHING_API_KEY === '') {
    throw new VerbFault(
      'no-key',
      'SYNCTHING_API_KEY is empty: copy it from Syncthing, Settings, API key',
      EXIT.config,
    );
  }
  const vault = await openVault(context);
  // A wrong VAULT_DIR, the home folder say, must not be shared.
  if (realFolder(vault.root, 'Approved') === null) {
    throw new VerbFault('no-vault', 'VAULT_DIR is no vault yet; run: handover init', EXIT.config);
  }
  const wanted = wantedShare({
    share,
    vaultDir: vault.root,
    folder: config.SYNCTHING_FOLDER,
    peer: config.SYNCTHING_PEER_DEVICE === '' ? null : config.SYNCTHING_PEER_DEVICE,
    trusted: config.SYNCTHING_TRUSTED_DEVICES,
    ignoreSource: await readIgnoreSource(),
    keepScript: join(context.programDir, 'deployment', 'local', 'keep-version.sh'),
    tellsCase: !foldsNames(vault.root),
  });
  const client = new Syncthing({ url: config.SYNCTHING_URL, apiKey: config.SYNCTHING_API_KEY });
  try {
    const advice = config.SYNC === 'none' ? ['SYNC=none in .env: set SYNC=syncthing on both machines.'] : [];
    return await bringAbout({ context, asked, vault, client, wanted, advice });
  } catch (error) {
    if (error instanceof SyncthingFault) throw new VerbFault(error.code, faultWords(error));
    if (error instanceof ApplyFault) throw new VerbFault(error.code, error.message);
    throw error;
  } finally {
    client.close();
  }
}

/** By what was said, never by a guess: the laptop's file shares `Approved` with the phone. */
async function shareFile(context: VerbContext, { role, file }: Asked): Promise<ShareFile> {
  const known = role === 'cloud' || role === 'laptop' ? role : null;
  if ((role !== undefined && known === null) || (known === null && file === undefined)) {
    throw new VerbFault(
      'which',
      'say --role cloud on the cloud machine, --role laptop on the laptop',
      EXIT.usage,
    );
  }
  const path =
    typeof file === 'string'
      ? resolve(context.cwd, file)
      : join(context.programDir, 'deployment', FOLDER[known ?? 'cloud'], 'syncthing-config.toml');
  const text = await readFile(path, 'utf8').catch(() => {
    throw new VerbFault('no-file', `${path} cannot be read`, EXIT.config);
  });
  try {
    const share = readShare(text, path);
    if (known === null || share.role === known) return share;
    throw new VerbFault('which', `${path} is for the ${share.role}, and --role says ${known}`, EXIT.usage);
  } catch (error) {
    if (error instanceof ShareFault) throw new VerbFault('share-file', error.message, EXIT.config);
    throw error;
  }
}

interface Deps {
  readonly context: VerbContext;
  readonly asked: Asked;
  readonly vault: Vault;
  readonly client: Syncthing;
  readonly wanted: WantedShare;
  readonly advice: readonly string[];
}

async function bringAbout(deps: Deps): Promise<Outcome> {
  const { context, asked, vault, client, wanted } = deps;
  const plan = await planNow(client, wanted);
  const { myId, version } = await client.system();
  const head = `${wanted.role}: device ${myId}, Syncthing ${version}`;
  const answer = (
    ok: boolean,
    applied: boolean,
    lines: readonly string[],
    notes: readonly string[],
  ): Outcome => ({
    exit: ok ? EXIT.ok : EXIT.failure,
    json: {
      ok,
      applied,
      role: wanted.role,
      device: myId,
      version,
      changes: plan.changes,
      refusals: plan.refusals,
      notes,
    },
    text: shown([...lines, ...notes.map((note) => `note: ${note}`)]),
  });
  if (plan.refusals.length > 0) {
    return answer(false, false, [head, ...plan.refusals.map((refusal) => `refused: ${refusal}`)], []);
  }
  if (plan.changes.length === 0) {
    return answer(true, false, [head, 'nothing to do'], [...plan.notes, ...(await remarks(deps, myId))]);
  }
  const difference = [head, ...differenceLines(plan.changes)];
  const count = plan.changes.length === 1 ? '1 change' : `${plan.changes.length} changes`;
  const asks = !asked.yes && !asked.json && context.ask !== undefined;
  if (asks) context.say(shown(difference));
  const before = asks ? [] : difference;
  if (!asked.yes && !(asks && /^y(es)?$/i.test((await context.ask(`Do it (${count})? [y/N] `)).trim()))) {
    return answer(
      false,
      false,
      [...before, `nothing was changed${asks ? '' : `; ${count} to do: add --yes`}`],
      plan.notes,
    );
  }
  // The guard of each folder has to be there before anybody else can write.
  await vault.ensureFolders();
  await applySteps(client, plan.steps);
  const left = differenceLines((await planNow(client, wanted)).changes);
  const done =
    left.length === 0 ? [`done: ${count}`] : ['Syncthing did not take all of it; still to do:', ...left];
  return answer(
    left.length === 0,
    true,
    [...before, ...done],
    [...plan.notes, ...(await remarks(deps, myId))],
  );
}

/** Names of devices and paths of folders are their owners' words: they must not steer the terminal. */
function shown(lines: readonly string[]): string {
  return lines.map((line) => visibleText(line).text).join('\n');
}

/** What else stands between this share and work. */
async function remarks({ client, wanted, vault, advice }: Deps, myId: string): Promise<string[]> {
  const peer = await peerNotes(client, wanted, myId);
  if (wanted.role === 'cloud') return [...peer, ...advice];
  const { findings } = await lookAtTopology({
    client,
    folder: wanted.vault.id,
    peer: wanted.peer,
    trusted: wanted.trusted,
    vaultRoot: vault.root,
  });
  const told = findings.map(({ words, refuses }) => (refuses ? `Nothing is sent: ${words}` : words));
  return [...told, ...peer, ...advice];
}

async function planNow(client: Syncthing, wanted: WantedShare): Promise<Plan> {
  const ids = [wanted.vault.id, ...(wanted.approved ? [wanted.approved.id] : [])];
  return planShare(wanted, await lookAtShare(client, ids));
}

/** What the other machine still lacks. */
async function peerNotes(client: Syncthing, wanted: WantedShare, myId: string): Promise<string[]> {
  const other = wanted.role === 'cloud' ? 'laptop' : 'cloud machine';
  if (wanted.peer === null) {
    return [
      `There is no other machine yet. Put this device's id, ${myId}, into SYNCTHING_PEER_DEVICE in .env on the ${other}, and the id of the ${other} into SYNCTHING_PEER_DEVICE here; then run this again on both.`,
    ];
  }
  const connected = (await client.connections()).get(wanted.peer)?.connected === true;
  return connected
    ? []
    : [
        `Not connected with the ${other} yet; that may take half a minute. It needs this device's id, ${myId}, in SYNCTHING_PEER_DEVICE, and a run of this there.`,
      ];
}

function differenceLines(changes: readonly Change[]): string[] {
  const lines: string[] = [];
  let where = '';
  for (const change of changes) {
    if (change.where !== where) lines.push(change.where);
    where = change.where;
    const after = change.before === '' ? change.after : `${change.before} -> ${change.after}`;
    lines.push(`  ${change.what}: ${after}`);
  }
  return lines;
}

function faultWords(fault: SyncthingFault): string {
  switch (fault.code) {
    case 'unreachable':
    case 'timeout':
      return `Syncthing does not answer at SYNCTHING_URL (${fault.message}): is it running?`;
    case 'forbidden':
      return 'Syncthing does not accept SYNCTHING_API_KEY: copy it again (Settings, API key)';
    case 'refused':
    case 'malformed':
      return `Syncthing: ${fault.message}`;
  }
}

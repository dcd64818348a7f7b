import { join } from 'node:path';
import type { SYNC_KEYS } from '../runtime/config.ts';
import type { Config } from '../runtime/config.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import { scanLoop } from '../runtime/scan-loop.ts';
import { CardTracker, oneMachineCards, type OfferedCards } from '../stages/offered-cards.ts';
import type { Offers } from '../stages/offers.ts';
import { DiskChanges } from '../sync/disk-changes.ts';
import { openSync } from '../sync/open-sync.ts';
import { type TopologyWatch, topologyWatch } from '../sync/topology.ts';
import { inspectShape } from '../vault/shape.ts';
import type { Vault } from '../vault/vault.ts';

/** What keeps an effect from happening while it cannot be known whose yes it is. */
export interface EffectGuard {
  readonly synced: boolean;
  readonly cards: OfferedCards;
  /** Why nothing may be sent now, in words for the user; null: it may. At most 2 s old, and not from before `notBefore`. */
  readonly gate: (notBefore?: number) => Promise<string | null>;
  /** What should be mended beside the work, as of the last look of `gate`. */
  readonly remark: () => string | null;
  stop(): Promise<void>;
}

interface Parts {
  readonly vault: Vault;
  readonly offers: Offers;
  readonly stateDir: string;
  readonly process: string;
  readonly clock: Clock;
  readonly log: Logger;
}

export async function openEffectGuard(
  config: Config<(typeof SYNC_KEYS)[number]>,
  parts: Parts,
): Promise<EffectGuard> {
  const { vault, offers, clock, log } = parts;
  const synced = config.SYNC === 'syncthing';
  if (!synced) {
    const gate = gateOf(parts, null);
    return { synced, cards: oneMachineCards(offers), ...gate, stop: () => Promise.resolve() };
  }
  const sync = openSync(config, { vault, clock, log });
  const tracker = new CardTracker({ vault, offers, clock, log });
  const changes =
    sync &&
    DiskChanges.start({
      client: sync.client,
      folder: sync.folder,
      cursorFile: join(parts.stateDir, 'sync', `${parts.process}.events.json`),
      onChange: (change) => tracker.changed(change),
      onGap: () => tracker.gap(),
      clock,
      log,
    });
  if (changes) tracker.follow(changes);
  // On its own: a card is recorded when it comes, not when the mails before it are sent.
  const sights = scanLoop({
    scan: () => tracker.sight(),
    everyMs: config.SCAN_SECONDS * 1000,
    clock,
    onError: (error) => log.warn({ err: error }, 'pending cards could not be recorded'),
  });
  const watch = await vault.watch(['Pending_Approval/email', 'Pending_Approval/odoo'], () => sights.hint());
  const topology = topologyWatch({
    client: sync?.client ?? null,
    folder: config.SYNCTHING_FOLDER,
    peer: config.SYNCTHING_PEER_DEVICE === '' ? null : config.SYNCTHING_PEER_DEVICE,
    trusted: config.SYNCTHING_TRUSTED_DEVICES,
    vaultRoot: vault.root,
    clock,
  });
  return {
    synced,
    cards: tracker,
    ...gateOf(parts, topology),
    stop: async () => {
      await watch.close();
      await sights.stop();
      await changes?.stop();
      await sync?.stop();
    },
  };
}

function gateOf({ vault, log }: Parts, topology: TopologyWatch | null): Pick<EffectGuard, 'gate' | 'remark'> {
  let said: string | null = null;
  let remark: string | null = null;
  return {
    gate: async (notBefore) => {
      const shape = inspectShape(vault.root, null).filter(
        // On one machine a link of the user's own is nobody else's doing; in the place of a state folder it is none.
        (finding) => finding.stops && (topology !== null || finding.code.startsWith('state-folder')),
      );
      const judged = await topology?.look(notBefore);
      const refusals = [...shape, ...(judged?.findings.filter((finding) => finding.refuses) ?? [])];
      remark = judged?.findings.find((finding) => !finding.refuses)?.words ?? null;
      const more = refusals.length > 1 ? ` (and ${refusals.length - 1} more)` : '';
      const words = refusals[0] ? `${refusals[0].words}${more}` : null;
      if (words !== said) {
        if (words === null) log.info('effects may happen again');
        else log.error({ codes: refusals.map(({ code }) => code) }, `effects are stopped: ${words}`);
      }
      said = words;
      return words;
    },
    remark: () => remark,
  };
}

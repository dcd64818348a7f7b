import { checkVault } from '../vault/check/check-vault.ts';
import { claimEvidence } from './claim-evidence.ts';
import { fine, type Finding, found, off } from './doctor-check.ts';
import type { Host } from './doctor-host.ts';

const SHOWN = 3;

/** Secrets in the vault, and whether `handover vault check` has something to say. Reads every open note. */
export async function checkVaultNotes(host: Host): Promise<readonly Finding[]> {
  if (host.vault === null) return [off('vault', 'there is no vault to look at')];
  const evidence = await claimEvidence(host.config.STATE_DIR, () => host.now).catch(() => null);
  const { findings, counts, looked } = await checkVault({ root: host.vault.root, now: host.now, evidence });
  const isSecret = (code: string): boolean => code === 'secret-name' || code === 'secret-content';
  const secrets = findings.filter(({ code }) => isSecret(code)).map(({ path }) => path);
  const others = [...counts].filter(([code]) => !isSecret(code));
  const total = others.reduce((sum, [, count]) => sum + count, 0);
  const out: Finding[] = [];
  if (secrets.length > 0) {
    const more = secrets.length > SHOWN ? ` and ${secrets.length - SHOWN} more` : '';
    out.push(found('vault-secret', `secrets lie in the vault: ${secrets.slice(0, SHOWN).join(', ')}${more}`));
  }
  if (total > 0) {
    const kinds = others.map(([code, count]) => `${code} ${count}`).join(', ');
    out.push(found('vault-findings', `${total} things in the vault are not as they should be (${kinds})`));
  }
  return out.length > 0 ? out : [fine('vault', `nothing odd among ${looked.files} files, no secret`)];
}

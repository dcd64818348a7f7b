import { join } from 'node:path';
import type { Command } from 'commander';
import { type AuditFinding, verifyAudit } from '../audit/verify-audit.ts';
import { visibleText } from '../core/neutralise.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { openVault, type Outcome, verb, type VerbContext } from './verb.ts';

/** `handover audit verify`: is every line of every log still there and as it was written? */
export function auditVerifyVerb(context: VerbContext): Command {
  const summary = 'look for changed, missing or added lines in the audit logs';
  return verb(context, { name: 'verify', summary }, async () => {
    const vault = await openVault(context);
    return auditVerify(vault.root, join(context.config().STATE_DIR, 'audit'));
  });
}

async function auditVerify(vaultDir: string, headDir: string): Promise<Outcome> {
  const reports = await Promise.all(
    ['cloud-agent', 'local-agent'].map((agent) =>
      verifyAudit({ dir: join(vaultDir, 'Logs', agent), headDir }),
    ),
  );
  const chains = reports.flatMap((report) => report.chains);
  const findings = reports.flatMap((report) => report.findings);
  const text = [
    ...chains.map((chain) => {
      const known = chain.headKnown
        ? ''
        : ', beginning and end not checked (their record is on another machine)';
      const dropped =
        chain.droppedThrough === null ? '' : `, days up to ${chain.droppedThrough} dropped by age`;
      const verdict = chain.findings.length === 0 ? 'whole' : `${chain.findings.length} findings`;
      return `${chain.actor}: ${chain.lines} lines in ${chain.files} files: ${verdict}${dropped}${known}`;
    }),
    ...(chains.length === 0 ? ['no audit log yet'] : []),
    ...findings.map(findingWords),
  ];
  return {
    exit: findings.length === 0 ? EXIT.ok : EXIT.failure,
    json: { ok: findings.length === 0, chains, findings },
    text: text.map((line) => visibleText(line).text).join('\n'),
  };
}

function findingWords(finding: AuditFinding): string {
  const place = [finding.actor, finding.file, finding.line === null ? null : `line ${finding.line}`];
  return `  ${place.filter((part) => part !== null).join(' ')}: ${finding.message}`;
}

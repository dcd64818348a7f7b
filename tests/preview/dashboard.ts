/** The dashboard of a busy morning, by the code that writes it. */
import type { DashboardFacts } from '../../src/core/dashboard-facts.ts';
import { renderDashboard } from '../../src/core/dashboard.ts';
import { NOW, type PreviewCard, ZONE } from './cards.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const name = (title: string, end: string): string => `${title} em-5d1c2f3a4b5c6d${end}.md`;

const SEEN = { presence: 'alive', state: 'ok', reason: null } as const;

const FACTS: DashboardFacts = {
  timeZone: ZONE,
  dryRun: false,
  pausedBy: [],
  waiting: [
    {
      name: name('Ada Berg - Quote for the new website', '7e'),
      since: NOW - 3 * HOUR,
      outcome: null,
      high: true,
    },
    { name: name('Bo Lind - Meeting next week', '7f'), since: NOW - 26 * HOUR, outcome: null },
    { name: name('Cy Holm - Your invoice of October', '80'), since: NOW - 50 * HOUR, outcome: 'in_doubt' },
    { name: 'ACME November od-5d1c2f3a4b5c6d81.md', since: NOW - 2 * HOUR, outcome: 'bounced' },
  ],
  waitingMore: 0,
  approved: [{ name: name('Di Ernst - Thank you', '82'), since: NOW - 2 * MINUTE }],
  needsAction: { count: 2, since: [NOW - 4 * MINUTE, NOW - 40 * MINUTE] },
  sinceLook: { since: NOW - 15 * HOUR, sent: 3, posted: 1, cameBack: 1, more: false, skippedYesterday: null },
  limits: [
    { of: 'mails', account: null, used: 3, perHour: 30, freeAt: null },
    { of: 'invoices', account: null, used: 0, perHour: 10, freeAt: null },
  ],
  claimed: [],
  sent: [
    { name: name('Eve Falk - Offer', '83'), task: 'em-5d1c2f3a4b5c6d83', at: NOW - 15 * HOUR },
    { name: 'Northwind October od-5d1c2f3a4b5c6d84.md', task: 'od-5d1c2f3a4b5c6d84', at: NOW - 16 * HOUR },
  ],
  skippedToday: { count: 11, page: 'Skipped-2026-11-20.md' },
  quarantined: [],
  conflicts: [
    {
      name: name('Bo Lind - Meeting next week', '7f'),
      why: 'two devices changed this note at the same time; the other version stands, in Pending_Approval/email',
    },
  ],
  faults: [],
  handover: {
    link: { known: true, connected: true, since: NOW - 8 * HOUR },
    replier: { presence: 'alive', state: 'ok', reason: null },
    takeOver: { on: false, since: null, drafted: 0 },
    away: { from: NOW - 9 * HOUR, to: NOW - HOUR, meanwhile: { came: 15, drafted: 4, skipped: 11 } },
    sync: { state: 'in_step' },
    stoppedAt: null,
  },
  processes: [
    { agent: 'cloud-agent', process: 'cloud-email-watcher', seen: SEEN },
    { agent: 'cloud-agent', process: 'draft-replier', seen: SEEN },
    { agent: 'local-agent', process: 'approval-handler', seen: SEEN },
    { agent: 'local-agent', process: 'orchestrator', seen: SEEN },
  ],
};

export function previewDashboard(): PreviewCard {
  return { name: 'dashboard', title: 'Dashboard', source: renderDashboard(FACTS, NOW) };
}

import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { type Calls, register, type ToolHost } from '../../tool.ts';
import { DATA, faultWords, openServer, registerDraftTools } from '../odoo-mcp-server.ts';
import { draftStatus } from './draft-status.ts';
import type { LiveDeps } from './live-deps.ts';
import { postApproved } from './post-approved.ts';
import { postedInvoice } from './posted-invoice.ts';
import { postingStatus } from './posting-status.ts';

/** odoo-mcp in live mode: what draft mode has, and four tools over one approved task. None takes a document or an amount. */
export function liveOdooMcp(deps: LiveDeps, calls: Calls, onError: ToolHost<LiveDeps>['onError']): McpServer {
  const server = openServer(
    `Odoo: what draft mode offers, and posting what the user approved by moving its card. A document is posted only with \`post_approved\`, by its task id, and only as its card showed it. ${DATA}`,
  );
  const host: ToolHost<LiveDeps> = { server, deps, onError, calls, words: faultWords };
  registerDraftTools(host);
  register(draftStatus, host);
  register(postApproved, host);
  register(postingStatus, host);
  register(postedInvoice, host);
  return server;
}

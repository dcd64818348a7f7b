import { z } from 'zod';
import { exchange, NoAnswer } from './http.ts';
import type { Address } from './transport.ts';

const health = z.object({ db_server_status: z.boolean() });

/** `/web/health?db_server_status=1`, on 19: 500 when PostgreSQL is down. False also where there is no such page. */
export async function databaseIsDown(
  address: Pick<Address, 'url' | 'ca'>,
  deadlineMs: number,
  signal?: AbortSignal,
): Promise<boolean> {
  try {
    const { body } = await exchange({
      method: 'GET',
      url: `${address.url}/web/health?db_server_status=1`,
      headers: { accept: 'application/json' },
      body: null,
      deadlineMs,
      ca: address.ca,
      signal,
    });
    const said = health.safeParse(JSON.parse(body));
    return said.success && !said.data.db_server_status;
  } catch (error) {
    if (error instanceof NoAnswer || error instanceof SyntaxError) return false;
    throw error;
  }
}

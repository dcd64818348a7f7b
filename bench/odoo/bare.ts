import type { OdooServer, OdooUser } from '../../tests/helpers/odoo.ts';

/** JSON-2 with nothing around it: one `fetch` that creates, one that posts. */
export function bareOdoo({ url, db }: Pick<OdooServer, 'url' | 'db'>, { apiKey }: Pick<OdooUser, 'apiKey'>) {
  const call = async (method: string, body: Record<string, unknown>): Promise<unknown> => {
    const response = await fetch(`${url}/json/2/account.move/${method}`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        Authorization: `bearer ${apiKey}`,
        'X-Odoo-Database': db,
      },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${method}: ${response.status}`);
    return response.json();
  };
  return {
    create: async (input: {
      readonly partnerId: number;
      readonly lines: readonly { label: string; quantity: number; priceUnit: number }[];
    }): Promise<number> => {
      const lines = input.lines.map((line) => [
        0,
        0,
        { name: line.label, quantity: line.quantity, price_unit: line.priceUnit },
      ]);
      const values = { move_type: 'out_invoice', partner_id: input.partnerId, invoice_line_ids: lines };
      const [id] = (await call('create', { vals_list: [values] })) as number[];
      if (id === undefined) throw new Error('no id');
      return id;
    },
    post: async (id: number): Promise<void> => {
      await call('action_post', { ids: [id] });
    },
  };
}

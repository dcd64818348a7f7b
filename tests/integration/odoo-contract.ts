import { afterAll, beforeAll, describe } from 'vitest';
import { amountContract } from './odoo-contract/amounts.ts';
import {
  type Books,
  type ContractServer,
  type Desk,
  openBooks,
  openDesk,
  PROTOCOLS,
} from './odoo-contract/books.ts';
import { draftContract } from './odoo-contract/drafts.ts';
import { listContract } from './odoo-contract/lists.ts';
import { postingContract } from './odoo-contract/posting.ts';
import { wireContract } from './odoo-contract/wire.ts';

/** What is asked of an Odoo 19: the real one and our own answer alike. */
export function odooContract(name: string, start: () => Promise<ContractServer>): void {
  describe(`${name} as an Odoo`, () => {
    let server: ContractServer;
    let books: Books;
    beforeAll(async () => {
      server = await start();
      books = await openBooks(server);
    });
    afterAll(() => server.stop());

    wireContract(() => books);

    describe.each(PROTOCOLS)('over %s', (protocol) => {
      let desk: Desk;
      beforeAll(async () => {
        desk = await openDesk(books, protocol);
      });
      amountContract(() => desk);
      draftContract(() => desk);
      postingContract(() => desk);
      listContract(() => desk);
    });
  });
}

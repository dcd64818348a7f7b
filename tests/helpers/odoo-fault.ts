import { OdooFault } from '../../src/odoo/faults.ts';

/** The fault that a call of the client ends in; a success and any other error are thrown. */
export async function faultOf(work: Promise<unknown>): Promise<OdooFault> {
  let value: unknown;
  try {
    value = await work;
  } catch (error) {
    if (error instanceof OdooFault) return error;
    throw error;
  }
  throw new Error(`no fault, but ${JSON.stringify(value)}`);
}

import { attachment } from './attachment.ts';
import { account, company, country, currency, journal } from './company.ts';
import { externalId } from './external-id.ts';
import { move } from './move.ts';
import { moveLine } from './move-line.ts';
import { POWERS } from './powers.ts';
import { partner, partnerCategory } from './partner.ts';
import { product, unit } from './product.ts';
import { bankAccount, fiscalPosition, paymentTerm, tax, taxGroup } from './tax.ts';
import { sendWizard } from './send-wizard.ts';
import { apiKey, automation, group, user } from './user.ts';
import type { Model } from '../orm/shapes.ts';

/** Every model this server knows, by name. */
export const MODELS: ReadonlyMap<string, Model> = new Map(
  [
    ...[account, attachment, automation, bankAccount, company, country, currency, externalId, fiscalPosition],
    ...[group, journal, move, moveLine, partner, partnerCategory, paymentTerm, product, tax, taxGroup],
    ...[apiKey, sendWizard, unit, user, ...POWERS],
  ].map((model) => [model.name, model]),
);

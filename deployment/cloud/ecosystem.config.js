// The cloud machine: `pm2 start deployment/cloud/ecosystem.config.js`.
// A named export, since PM2 7 finds no `apps` in a default export of an ES module.
import { cloudApps } from '../process-table.js';

export const apps = cloudApps();

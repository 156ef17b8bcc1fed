// @ts-check
import { open as openWith } from './scalr-queue.mjs';

/** The relay looks every 250 ms: no commit waits for the NOTIFY of another. @param {import('./side.d.mts').Stores} stores */
export const open = (stores) => openWith(stores, { notify: false });

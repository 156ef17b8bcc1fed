// @ts-check
import { open as openWith } from './bee-queue.mjs';

/** With its defaults: the job and its result are kept, and who enqueued hears of the end. @param {string} url */
export const open = (url) => openWith(url, {});

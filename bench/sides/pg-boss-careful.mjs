// @ts-check
import { open as openWith } from './pg-boss.mjs';

/** No more jobs end as one than run at once; of a single one it would wait half a second for the next. @param {string} url */
export const open = (url) => openWith(url, (concurrency) => Math.max(2, concurrency));

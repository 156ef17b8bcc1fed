import { appendFileSync } from 'node:fs';
import v8 from 'node:v8';
import vm from 'node:vm';

const EVERY = 2_000;

/** Writes again and again what this process holds, just after a collection of its garbage: what grows then is a leak. */
export function watchVitals(file) {
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc');
  setInterval(() => {
    collect();
    const { heapUsed, rss } = process.memoryUsage();
    const sockets = process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
    appendFileSync(file, `${JSON.stringify({ at: Date.now(), heapUsed, rss, sockets })}\n`);
  }, EVERY).unref();
}

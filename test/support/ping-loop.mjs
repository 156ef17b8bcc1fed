// A client of Redis in a process of its own: pings without a pause and tells the longest answer when asked.
import { Redis } from 'ioredis';

const redis = new Redis(process.argv[2]);
const state = { stopped: false };
let longest = 0;
process.once('message', () => (state.stopped = true));
process.once('disconnect', () => process.exit());
await redis.ping();
process.send('ready');
while (!state.stopped) {
  const started = performance.now();
  await redis.ping();
  longest = Math.max(longest, performance.now() - started);
  await new Promise((resolve) => setImmediate(resolve));
}
redis.disconnect();
process.send(longest);
process.disconnect();

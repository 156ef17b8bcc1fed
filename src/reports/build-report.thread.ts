import { threadHandler } from 'scalr-queue/thread';
import { BuildReport } from './report.jobs.js';

const STEPS = 20;

/** Runs in a thread of its own, where nothing can be injected: the processor gets what it returns. */
export default threadHandler(BuildReport, async ({ upTo }, ctx) => {
  let [primes, largest, next] = [0, 0, 2];
  for (let step = 1; step <= STEPS; step++) {
    for (const end = (upTo * step) / STEPS; next <= end; next++) {
      if (!isPrime(next)) continue;
      primes++;
      largest = next;
    }
    await ctx.progress((100 * step) / STEPS);
  }
  return { primes, largest };
});

function isPrime(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor++) if (number % divisor === 0) return false;
  return true;
}

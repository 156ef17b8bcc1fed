import { enqueued, expectRefused, heals, within } from '../harness/expectations.js';
import { type FaultRow, SLACK } from '../harness/row.js';
import { ENQUEUE_PROMISE } from '../harness/under-load.js';

const BURST = 100_000;
const MOST_BYTES = 200_000_000;
const megabytes = (bytes: number) => Math.round(bytes / 1_000_000);

/** A process runs out of something. */
export const resourceRows: FaultRow[] = [
  {
    id: 66,
    name: 'no file descriptor left (ulimit -n 512) while connections are cut',
    requirement: 'refused in 50 ms, an error in the log at most once a second, no crash; heals in 2 s',
    quick: true,
    async run(stage) {
      const redis = await stage.redis();
      const wrapper = ['/bin/sh', '-c', 'ulimit -n 512; exec "$@"', 'sh'];
      const producer = await stage.producer(redis.url, { wrapper });
      await enqueued(producer);
      const logged = producer.process.output.length;
      const siege = producer.withoutFiles(6_000);
      await producer.process.waitForOutput(/no file descriptor left: EMFILE/);
      await redis.cli('client', 'kill', 'type', 'normal');
      const { held, outcomes } = await siege;
      const lines = producer.process.output.slice(logged).split('\n').filter(Boolean).length;
      const refused = outcomes.slice(outcomes.findIndex(({ code }) => code === 'QUEUE_UNAVAILABLE'));
      expect(refused.length).toBeGreaterThan(10);
      for (const outcome of refused.slice(1)) expectRefused(outcome, 'QUEUE_UNAVAILABLE', 50);
      expect(lines / 6).toBeLessThanOrEqual(SLACK);
      const resumeMs = await heals(producer, 2_000);
      const longestMs = Math.max(...refused.map(({ ms }) => ms));
      return { longestMs, resumeMs, note: `${held} files held; ${lines} lines of log in 6 s` };
    },
  },
  {
    id: 71,
    name: '100,000 calls of enqueue at once while Redis is down, and again while it is frozen',
    requirement:
      'refused, or in doubt while it is frozen, each within 1.1 s of the loop that makes them, in bounded memory: less than 200 MB more',
    quick: false,
    alone: true,
    async run(stage) {
      const redis = await stage.redis();
      const producer = await stage.producer(redis.url);
      const other = await stage.producer(redis.url);
      await enqueued(producer);
      await enqueued(other);
      redis.freeze();
      const frozen = await other.burst(BURST);
      redis.thaw();
      await other.process.kill();
      await redis.kill();
      await within(2_000, async () => expect((await producer.enqueue()).code).toBe('QUEUE_UNAVAILABLE'));
      const down = await producer.burst(BURST);
      const told = ({ growth, loop, longest }: typeof down) =>
        `+${megabytes(growth)} MB, all settled ${longest} ms after the loop of ${loop} ms`;
      const note = `down: ${told(down)}; frozen: ${told(frozen)}, ${frozen.outcomes['OUTCOME_UNKNOWN']} unknown`;
      stage.figures.note = note;
      expect(down.outcomes).toEqual({ QUEUE_UNAVAILABLE: BURST });
      const { QUEUE_UNAVAILABLE: refused = 0, OUTCOME_UNKNOWN: unknown = 0, ...others } = frozen.outcomes;
      expect(others).toEqual({});
      expect(refused + unknown).toBe(BURST);
      for (const { growth, longest } of [down, frozen]) {
        expect(growth, `memory: ${note}`).toBeLessThan(MOST_BYTES);
        expect(longest, `time: ${note}`).toBeLessThanOrEqual(ENQUEUE_PROMISE * SLACK);
      }
      // That the jobs before it can be looked up.
      await redis.restart();
      await heals(producer, 2_000);
      return { longestMs: Math.max(down.longest, frozen.longest), note };
    },
  },
];

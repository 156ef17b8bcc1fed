import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '../../support/eventually.js';
import { appetite, enqueued, expectRefused, heals, started } from '../harness/expectations.js';
import { mountedDisk } from '../harness/memory-disk.js';
import { type FaultRow, SLACK } from '../harness/row.js';

const run = promisify(execFile);

/** Jobs that run all the time that the disk is full; less than the worker runs at once. */
const RUNNING = [1, 2, 3, 4];
/** Of the workers of a stage. */
const LOCK = 5_000;

/** The disk of Redis. */
export const diskRows: FaultRow[] = [
  {
    id: 33,
    needs: ['mount'],
    name: 'MISCONF: the disk of the append-only file is full',
    requirement:
      'refused with a type; 1 line/s, 20 % of a core; one line for all jobs that run longer than their locks, with the cause; heals in 5 s of space, each runs once',
    quick: true,
    patience: 120,
    async run(stage) {
      const gate = join(stage.dir, 'gate');
      const folder = await mountedDisk(stage, '4m');
      const redis = await stage.redis({ dir: folder });
      const producer = await stage.producer(redis.url);
      const worker = await stage.worker(redis.url).then((booting) => booting.ready());
      const running = await Promise.all(RUNNING.map(() => enqueued(producer, { do: 'gate', file: gate })));
      for (const id of running) await started(stage, id);
      await producer.load({ rate: 400, lanes: 8, payload: { blob: 'x'.repeat(4_000) } });
      await eventually(async () => expect((await producer.enqueue()).code).toBe('QUEUE_UNAVAILABLE'), {
        timeout: 40_000,
      });
      const { longest } = await producer.stopLoad();
      const again = await producer.enqueue();
      expectRefused(again, 'QUEUE_UNAVAILABLE', 50);
      const { cpu, lines } = await appetite(worker, LOCK + 3_000);
      expect(cpu).toBeLessThan(0.2);
      expect(lines).toBeLessThanOrEqual(SLACK);
      await run('mount', ['-o', 'remount,size=256m', folder]);
      const healedAt = Date.now();
      const resumeMs = await heals(producer, 5_000);
      await writeFile(gate, '');
      await eventually(() => expect(stage.ledger.unfinished()).toHaveLength(0));
      for (const id of running) expect(stage.ledger.of('start', id)).toHaveLength(1);
      const ofLocks = worker.process.output.split('\n').filter((line) => /\block/.test(line));
      expect(ofLocks).toEqual([
        expect.stringMatching(/refuses to renew the locks of running jobs: it cannot save to disk \(MISCONF/),
      ]);
      return {
        longestMs: longest,
        resumeMs: Math.max(resumeMs, stage.ledger.firstFinishAfter(healedAt) - healedAt),
        note: `${(cpu * 100).toFixed(1)} % of a core, ${lines.toFixed(2)} lines/s`,
      };
    },
  },
];

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { eventually } from '../../support/eventually.js';
import { appetite, expectRefused, heals } from '../harness/expectations.js';
import { mountedDisk } from '../harness/memory-disk.js';
import { type FaultRow, SLACK } from '../harness/row.js';

const run = promisify(execFile);

/** The disk of Redis. */
export const diskRows: FaultRow[] = [
  {
    id: 33,
    name: 'MISCONF: the disk of the append-only file is full',
    requirement: 'refused with a type; 1 line/s, 20 % of a core; heals in 5 s of space, none lost',
    quick: true,
    patience: 120,
    async run(stage) {
      const folder = await mountedDisk(stage, '4m');
      const redis = await stage.redis({ dir: folder });
      const producer = await stage.producer(redis.url);
      const worker = await stage.worker(redis.url).then((booting) => booting.ready());
      await producer.load({ rate: 400, lanes: 8, payload: { blob: 'x'.repeat(4_000) } });
      await eventually(async () => expect((await producer.enqueue()).code).toBe('QUEUE_UNAVAILABLE'), {
        timeout: 40_000,
      });
      const { longest } = await producer.stopLoad();
      const again = await producer.enqueue();
      expectRefused(again, 'QUEUE_UNAVAILABLE', 50);
      const { cpu, lines } = await appetite(worker, 6_000);
      expect(cpu).toBeLessThan(0.2);
      expect(lines).toBeLessThanOrEqual(SLACK);
      await run('mount', ['-o', 'remount,size=256m', folder]);
      const healedAt = Date.now();
      const resumeMs = await heals(producer, 5_000);
      await eventually(() => expect(stage.ledger.unfinished()).toHaveLength(0));
      return {
        acknowledged: stage.ledger.acknowledged().size,
        lost: 0,
        twice: stage.ledger.twice().length,
        longestMs: longest,
        resumeMs: Math.max(resumeMs, stage.ledger.firstFinishAfter(healedAt) - healedAt),
        note: `${(cpu * 100).toFixed(1)} % of a core, ${lines.toFixed(2)} lines/s`,
      };
    },
  },
];

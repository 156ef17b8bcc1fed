import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { migrationSql } from 'scalr-queue/outbox';
import { eventually } from '../../support/eventually.js';
import { Database, PostgresServer } from '../../support/postgres.js';
import { AppProcess } from '../../support/processes.js';
import { fakeBank } from '../harness/fake-bank.js';
import type { FaultRow } from '../harness/row.js';
import type { Stage } from '../harness/stage.js';

const script = fileURLToPath(new URL('../apps/effects.mjs', import.meta.url));
const BOOT = 60_000;
/** Each kills a worker once. */
const PAYMENTS = 200;
/** Before the call, in it, between its answer and the receipt, and after that. */
const POINTS = ['before', 'in', 'answered', 'after'] as const;
const WORKERS = 6;
const ITEMS = 10_000;
const KILLS = 20;

const payments = Array.from({ length: PAYMENTS }, (_, at) => ({
  amount: at + 1,
  point: POINTS[at % POINTS.length],
}));
const ALL_OF_THEM = payments.reduce((sum, { amount }) => sum + amount, 0);

/** What is done once, while workers are killed in the middle of it. */
export const effectRows: FaultRow[] = [
  {
    id: 100,
    name: 'ctx.once: 200 workers killed before the call, in it, before the receipt and after it',
    requirement: 'the charges of a bank that recognises the idempotency key are those of the jobs that ended',
    quick: false,
    alone: true,
    patience: 600,
    async run(stage) {
      stage.may.twice = PAYMENTS;
      const redis = await stage.redis();
      const bank = await fakeBank(join(stage.dir, 'bank'));
      stage.onClose(async () => bank.close());
      const kills = await pay(stage, { redis: redis.url, bank: bank.url });
      const charges = bank.charges();
      expect(charges.size).toBe(PAYMENTS);
      expect(sumOf(charges.values())).toBe(ALL_OF_THEM);
      return {
        note: `${kills} kills, ${charges.size} charges, ${bank.calls() - charges.size} calls recognised`,
      };
    },
  },
  {
    id: 101,
    name: 'ctx.tx: 200 workers killed before the transaction, in it, at its commit and after it',
    requirement: 'the rows of the transactions are those of the jobs that ended, each once',
    quick: false,
    alone: true,
    patience: 600,
    async run(stage) {
      stage.may.twice = PAYMENTS;
      const redis = await stage.redis();
      const postgres = await PostgresServer.start();
      stage.onClose(() => postgres[Symbol.asyncDispose]());
      const database = await Database.create(postgres.url);
      await database.query(migrationSql('scalr_queue'));
      // Nothing in it would recognise a second charge.
      await database.query('create table charge (job text not null, amount integer not null)');
      const kills = await pay(stage, { redis: redis.url, outbox: database.url });
      const charges = await database.query('select job, amount from charge');
      expect(new Set(charges.map(({ job }) => job)).size).toBe(PAYMENTS);
      expect(charges).toHaveLength(PAYMENTS);
      expect(sumOf(charges.map(({ amount }) => Number(amount)))).toBe(ALL_OF_THEM);
      return { note: `${kills} kills, ${charges.length} charges` };
    },
  },
  {
    id: 102,
    name: 'ctx.each over 10,000 items, its worker killed 20 times',
    requirement: 'every item at least once, at most one repeated for each kill',
    quick: false,
    alone: true,
    patience: 240,
    async run(stage) {
      stage.may.twice = 1;
      const redis = await stage.redis();
      const items = join(stage.dir, 'items');
      const producer = await start(stage, {
        redis: redis.url,
        role: 'produce',
        items: ITEMS,
        jobs: [{ items: ITEMS }],
      });
      const settings = { redis: redis.url, role: 'work', items };
      const workers = new Map<number, AppProcess>();
      const another = async () => {
        const worker = await start(stage, settings);
        workers.set(worker.pid, worker);
      };
      await Promise.all([another(), another()]);
      for (let kill = 1; kill <= KILLS; kill++) {
        const from = Math.round((ITEMS * (kill - 1 + stage.random())) / (KILLS + 1));
        const [, pid] = await eventually(
          () => {
            const last = readItems(items).findLast(([, by]) => workers.has(by));
            expect(last?.[0] ?? -1).toBeGreaterThanOrEqual(from);
            return last!;
          },
          { timeout: 60_000, interval: 5 },
        );
        const worker = workers.get(pid)!;
        workers.delete(pid);
        expect(await worker.kill()).toMatchObject({ signal: 'SIGKILL' });
        void another().catch(() => undefined);
      }
      await producer.waitForOutput(/ended 1 completed, 0 dead/, 120_000);
      const counts = new Map<number, number>();
      for (const [item] of readItems(items)) counts.set(item, (counts.get(item) ?? 0) + 1);
      const repeated = [...counts.values()].filter((count) => count > 1).length;
      expect(counts.size).toBe(ITEMS);
      expect(sumOf(counts.values()) - ITEMS).toBeLessThanOrEqual(KILLS);
      return { note: `${KILLS} kills, ${counts.size} items, ${repeated} of them repeated` };
    },
  },
];

/** Has all payments made by workers that kill themselves, and are started again. @returns how many were killed */
async function pay(stage: Stage, settings: Record<string, unknown>): Promise<number> {
  const producer = await start(stage, { ...settings, role: 'produce', jobs: payments });
  await producer.waitForOutput(/^enqueued$/m, BOOT);
  const over = new AbortController();
  const killed: number[] = [];
  const replace = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const worker = await launch(stage, { ...settings, role: 'work' });
      const exit = await worker.exited;
      if (!over.signal.aborted) expect(exit).toMatchObject({ signal: 'SIGKILL' });
      killed.push(worker.pid);
    }
  };
  const working = Promise.all(Array.from({ length: WORKERS }, replace));
  working.catch(() => undefined);
  const [, completed, dead] = await Promise.race([
    producer.waitForOutput(/ended (\d+) completed, (\d+) dead/, 560_000),
    working.then(() => ['', '', ''] as const),
  ]);
  over.abort();
  expect({ completed: Number(completed), dead: Number(dead) }).toEqual({ completed: PAYMENTS, dead: 0 });
  expect(stage.ledger.unfinished()).toEqual([]);
  const kills = readdirSync(stage.dir).filter((name) => name.startsWith('killed-')).length;
  expect(kills).toBe(PAYMENTS);
  expect(killed.length).toBeGreaterThanOrEqual(PAYMENTS);
  return kills;
}

async function start(stage: Stage, settings: Record<string, unknown>): Promise<AppProcess> {
  const process = await launch(stage, settings);
  await process.waitForOutput(/^up$/m, BOOT);
  return process;
}

async function launch(stage: Stage, settings: Record<string, unknown>): Promise<AppProcess> {
  const { executionsFile: ledger, answersFile: record } = stage.ledger;
  const config = { app: stage.app, dir: stage.dir, ledger, record, ...settings };
  const process = await AppProcess.start({
    script,
    name: String(settings['role']),
    env: { NO_COLOR: '1', FAULT_CONFIG: JSON.stringify(config) },
  });
  stage.onClose(() => process.kill());
  return process;
}

const sumOf = (numbers: Iterable<number>): number => [...numbers].reduce((sum, one) => sum + one, 0);

/** Each item that was handled, and by which process. */
function readItems(file: string): [item: number, pid: number][] {
  if (!existsSync(file)) return [];
  const text = readFileSync(file, 'utf8');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(' ').map(Number) as [number, number]);
}

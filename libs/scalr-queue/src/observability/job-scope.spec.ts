import { onTestFinished } from 'vitest';
import type { LoggerService } from '@nestjs/common';
import type { StoredJob } from '../engine/stored-job.js';
import { workerLogger } from './job-logger.js';
import { carriedFields, currentJob, inJob, wantJobScope } from './job-scope.js';

const context = {
  tenant: 'ac\u001bme',
  amount: 5,
  vip: true,
  secret: 's3cret',
  deep: { a: 1 },
  jobId: 'forged',
};
const job = {
  id: 'mail:7',
  name: 'mail',
  queue: 'default',
  queueName: 'default',
  attemptsMade: 0,
  opts: { scalr: { ctx: context } },
} as unknown as StoredJob;
const NAMES = ['tenant', 'amount', 'vip', 'deep', 'missing', 'toString', 'jobId'];

it('takes of the carried context what the app named and a line can hold', () => {
  expect(carriedFields(job, NAMES)).toEqual({
    tenant: 'ac\\x1bme',
    amount: 5,
    vip: true,
    jobId: 'forged',
  });
  expect(carriedFields(job, [])).toBeUndefined();
  expect(carriedFields({ opts: {} }, NAMES)).toBeUndefined();
});

it('puts it beside the fields of the job, which it cannot replace', () => {
  wantJobScope();
  const fields = inJob(job, () => currentJob(), undefined, NAMES);
  expect(fields).toMatchObject({ jobName: 'mail', tenant: 'ac\\x1bme', amount: 5, vip: true });
  expect(fields?.jobId).not.toBe('forged');
  expect(JSON.stringify(fields)).not.toContain('s3cret');
  const plain = inJob(job, () => currentJob());
  expect(plain).not.toHaveProperty('tenant');
});

it('writes it behind the id of the job in lines for people', () => {
  const lines: unknown[] = [];
  const target = { log: (line: unknown) => void lines.push(line) } as LoggerService;
  const logger = workerLogger(target) as LoggerService;
  inJob(job, () => logger.log('sent'), undefined, ['tenant', 'amount']);
  onTestFinished(() => void lines.splice(0));
  expect(lines).toEqual([expect.stringMatching(/^sent \[job \S+ tenant=ac\\x1bme amount=5\]$/)]);
});
